import type { Cell } from './statements.js';

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** What has a meaning in it, and what COPY writes with a backslash so that rows and columns stay apart. */
const special = /[\\\b\f\n\r\t\v]/;
const everySpecial = new RegExp(special, 'g');

/**
 * A row in PostgreSQL's COPY text format.
 * https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
 */
export function copyLine(cells: Cell[]): string {
  return `${cells.map(copyCell).join('\t')}\n`;
}

function copyCell(cell: Cell): string {
  if (cell === null) return '\\N';
  return special.test(cell)
    ? cell.replace(everySpecial, (character) => escapes[character] ?? character)
    : cell;
}
