import { Transform, type TransformCallback } from 'node:stream';
import type { QueryName } from '../sources/source.js';

/** Counts rows as they stream by. */
export interface RowMeter {
  rows: number;
  /** Bytes of COPY text. */
  bytes: number;
  readonly maxRows: number;
  /** Whose rows they are. */
  readonly query: QueryName;
}

/** The query gave more rows than the sync allows; nothing was written. */
export class TooManyRows extends Error {
  constructor({ maxRows, query }: Omit<RowMeter, 'bytes'>) {
    super(
      `The ${query === 'main' ? '' : 'relationship '}query gives more than ${maxRows} rows, the sync's maxRows. Nothing was written. Narrow the query, or raise maxRows.`,
    );
    this.name = 'TooManyRows';
  }
}

const LINE_FEED = 0x0a;

/** Passes COPY text through; a line feed ends a row there, and occurs nowhere else. */
export function countRows(meter: RowMeter): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      meter.bytes += chunk.length;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) meter.rows += 1;
      if (meter.rows > meter.maxRows) done(new TooManyRows(meter));
      else done(null, chunk);
    },
  });
}
