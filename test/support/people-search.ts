import fc from 'fast-check';
import { peopleCase, type PeopleCase } from './people-cases.js';

export interface SearchOptions {
  cases: number;
  seed: number;
  /** Cases that run at once. */
  atOnce?: number;
  /** Look for the smallest part of a case that fails still. */
  shrink?: boolean;
}

/** Says in what way the store and the model differ on a case; null if they don't. */
export type Difference = (one: PeopleCase) => Promise<string | null>;

/**
 * Looks for a case on which the store differs from the model. The same seed gives the same cases.
 * @throws an Error with the smallest part of the first such case, and both results
 */
export async function searchCases(options: SearchOptions, differenceOf: Difference): Promise<void> {
  const { cases, seed, atOnce = 8, shrink = true } = options;
  const waiting = fc.sample(peopleCase, { numRuns: cases, seed }).entries();
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

/** Leaves out row after row and person after person, as long as what is left still fails. */
async function shrunk(failing: PeopleCase, differenceOf: Difference): Promise<PeopleCase> {
  let smallest: PeopleCase = { ...failing, lanes: 1 };
  if ((await differenceOf(smallest)) === null) smallest = failing;
  const without = <T>(items: T[], at: number) => items.filter((_, index) => index !== at);
  for (let at = smallest.task.rows.length - 1; at >= 0; at -= 1) {
    const task = { ...smallest.task, rows: without(smallest.task.rows, at) };
    if ((await differenceOf({ ...smallest, task })) !== null) smallest = { ...smallest, task };
  }
  for (let at = smallest.people.length - 1; at >= 0; at -= 1) {
    const people = without(smallest.people, at);
    if ((await differenceOf({ ...smallest, people })) !== null) smallest = { ...smallest, people };
  }
  return smallest;
}
