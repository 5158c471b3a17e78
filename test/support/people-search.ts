import * as search from './case-search.js';
import { peopleCase, type PeopleCase } from './people-cases.js';

export type { SearchOptions } from './case-search.js';

type Difference = search.Difference<PeopleCase>;

/** Looks among random imports of people, as `searchCases` of case-search.ts. */
export const searchCases = (options: search.SearchOptions, differenceOf: Difference): Promise<void> =>
  search.searchCases(options, { arbitrary: peopleCase, differenceOf, shrunk });

/** Leaves out rows and people, many at once and then few, as long as what is left still fails. */
export async function shrunk(failing: PeopleCase, differenceOf: Difference): Promise<PeopleCase> {
  const fails = async (one: PeopleCase) => (await differenceOf(one)) !== null;
  let smallest: PeopleCase = { ...failing, lanes: 1 };
  if (!(await fails(smallest))) smallest = failing;
  const { task } = smallest;
  const withRows = (rows: PeopleCase['task']['rows']) => ({ ...smallest, task: { ...task, rows } });
  smallest = withRows(await search.fewest(task.rows, (rows) => fails(withRows(rows))));
  const people = await search.fewest(smallest.people, (some) => fails({ ...smallest, people: some }));
  return { ...smallest, people };
}
