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
