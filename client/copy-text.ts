import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';

/** The cells of a row; null is SQL's NULL. */
export type CopyRow = (string | null)[];

const lineFeed = 0x0a;
const tab = 0x09;
const backslash = 0x5c;

/**
 * Decodes PostgreSQL's COPY text format (https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2), for rows
 * that are to be shown. Bytes that are not UTF-8 become U+FFFD.
 *
 * @param bytes a line feed ends each row and occurs nowhere else
 */
export async function* copyRows(bytes: Readable): AsyncGenerator<CopyRow> {
  const chunks: AsyncIterable<unknown> = bytes;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('Rows come as bytes.');
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let end = rest.indexOf(lineFeed);
    while (end !== -1) {
      yield rowOf(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      end = rest.indexOf(lineFeed);
    }
  }
  if (rest.length > 0) yield rowOf(rest);
}

function rowOf(line: Buffer): CopyRow {
  const cells: CopyRow = [];
  let start = 0;
  for (let at = 0; at <= line.length; at += 1) {
    // A tab inside of a cell comes escaped, as the letter t, so that every real one separates.
    if (at < line.length && line[at] !== tab) continue;
    cells.push(cellOf(line.subarray(start, at)));
    start = at + 1;
  }
  return cells;
}

const letters: ReadonlyMap<string, number> = new Map([
  ['b', 8],
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
]);

function cellOf(bytes: Buffer): string | null {
  if (bytes.length === 2 && bytes[0] === backslash && bytes[1] === 0x4e) return null;
  if (!bytes.includes(backslash)) return textOf(bytes);
  // One character of latin1 is one byte: escapes can be replaced in text, and UTF-8 is read after that.
  const plain = bytes
    .toString('latin1')
    .replace(
      /\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|([^]))/g,
      (_, hex?: string, octal?: string, other?: string) => {
        if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
        if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
        const letter = letters.get(other ?? '');
        return letter === undefined ? (other ?? '') : String.fromCharCode(letter);
      },
    );
  return textOf(Buffer.from(plain, 'latin1'));
}

/** https://www.postgresql.org/docs/current/functions-binarystring.html#ENCODE-FORMAT-ESCAPE */
function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return bytes
    .toString('latin1')
    .replace(/[\\\u0080-\u00ff]/g, (byte) =>
      byte === '\\' ? '\\\\' : `\\${byte.charCodeAt(0).toString(8)}`,
    );
}
