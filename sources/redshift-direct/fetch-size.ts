/** How many rows to ask a cluster for at once, as far as it is known. */
export interface FetchSize {
  rows: number;
}

/** Rows are read as they come, so it is no matter of memory, but of round trips. */
export const manyRows = 10_000;

/** The most that a cluster of one node gives at once. */
export const singleNodeRows = 1_000;

/** https://docs.aws.amazon.com/redshift/latest/dg/declare.html#declare-constraints */
export function isOverSingleNodeLimit(error: unknown): boolean {
  return error instanceof Error && /Fetch size \d+ exceeds the limit/i.test(error.message);
}
