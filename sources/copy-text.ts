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
 * A row of cells, as their texts, in PostgreSQL's COPY text format; null is NULL.
 * https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
 */
export function copyLine(cells: readonly (string | null)[]): string {
  return `${cells.map(copyCell).join('\t')}\n`;
}

function copyCell(cell: string | null): string {
  if (cell === null) return '\\N';
  return special.test(cell)
    ? cell.replace(everySpecial, (character) => escapes[character] ?? character)
    : cell;
}
