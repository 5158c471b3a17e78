import fc from 'fast-check';

export interface SearchOptions {
  cases: number;
  seed: number;
  /** Cases that run at once. */
  atOnce?: number;
  /** Look for the smallest part of a case that fails still. */
  shrink?: boolean;
  /** Import each case twice: what is compared is the second time, when some of the rows are other than before. */
  again?: boolean;
  /** Import each case into a workspace that has nobody. */
  nobody?: boolean;
}

/** Rows of which every fifth has the cells of the next one, but for those of its key. */
export const someAltered = <Cell>(rows: Cell[][], isKey: (column: number) => boolean): Cell[][] =>
  rows.map((row, at) =>
    at % 5 === 4
      ? row.map((cell, column) => (isKey(column) ? cell : (rows[(at + 1) % rows.length]?.[column] ?? cell)))
      : row,
  );

/** Says in what way the store and the model differ on a case; null if they don't. */
export type Difference<Case> = (one: Case) => Promise<string | null>;

export interface Search<Case> {
  arbitrary: fc.Arbitrary<Case>;
  differenceOf: Difference<Case>;
  /** Leaves out of a failing case what it does not need to fail. */
  shrunk: (failing: Case, differenceOf: Difference<Case>) => Promise<Case>;
}

/**
 * Looks for a case on which the store differs from the model. The same seed gives the same cases.
 * @throws an Error with the smallest part of the first such case, and both results
 */
export async function searchCases<Case>(
  { cases, seed, atOnce = 8, shrink = true }: SearchOptions,
  { arbitrary, differenceOf, shrunk }: Search<Case>,
): Promise<void> {
  const waiting = fc.sample(arbitrary, { numRuns: cases, seed }).entries();
  const runSome = async () => {
    for (const [at, one] of waiting) {
      const difference = await differenceOf(one);
      if (difference === null) continue;
      const smallest = shrink ? await shrunk(one, differenceOf) : one;
      throw new Error(
        `Seed ${seed}, case ${at}: ${(await differenceOf(smallest)) ?? difference}\n${JSON.stringify(smallest)}`,
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runSome));
}

/** A part of the items without which it would not fail any more, or not far from it. */
export async function fewest<T>(items: T[], fails: (some: T[]) => Promise<boolean>): Promise<T[]> {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let end = left.length; end > 0; end -= size) {
      const without = [...left.slice(0, Math.max(0, end - size)), ...left.slice(end)];
      if (await fails(without)) left = without;
    }
  return left;
}
