import { stringify } from 'csv-stringify';
import type { Transform } from 'node:stream';
import type { FailureRecord } from '../store/records.js';

const columns = [
  { key: 'query', header: 'query' },
  { key: 'rowNumber', header: 'row_number' },
  { key: 'key', header: 'key' },
  { key: 'reason', header: 'reason' },
  { key: 'message', header: 'message' },
  { key: 'column', header: 'column' },
  { key: 'value', header: 'value' },
  { key: 'collidesWith', header: 'collides_with' },
  { key: 'written', header: 'written' },
  { key: 'row', header: 'row' },
] satisfies { key: keyof FailureRecord; header: string }[];

/**
 * What a spreadsheet takes as the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection), full
 * width forms included.
 */
const formula = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;
const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** An apostrophe in front of what a spreadsheet would compute; numbers such as -5 and +5 are left alone. */
export function withoutFormula(text: string): string {
  return formula.test(text) && !number.test(text) ? `'${text}` : text;
}

/** Turns failures into CSV text (RFC 4180, UTF-8, a line of names first): one line each, the row itself as JSON. */
export function failuresCsv(): Transform {
  return stringify({
    header: true,
    // The empty text is quoted, NULL is not.
    quoted_match: /^$/,
    columns,
    cast: {
      string: (text) => withoutFormula(text),
      number: String,
    },
  });
}
