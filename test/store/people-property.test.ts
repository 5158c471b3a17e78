import { expect, test } from 'vitest';
import { checkPeople, seldomHit } from '../support/people-property.js';
import { useStore } from '../support/store-database.js';

const database = useStore('people_property');

// More cases, from other seeds: npm run property -- --cases N --seed S
test(
  'twelve hundred random imports come out as the rules say, one row after the other',
  { timeout: 600_000 },
  async () => {
    const hits = await checkPeople(database.store, { cases: 1_200, seed: 20_260_101 });
    expect(seldomHit(hits, 50)).toEqual([]);
  },
);
