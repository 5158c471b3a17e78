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

test(
  'a hundred and twenty random imports come out as the rules say when most of their rows were imported before',
  { timeout: 600_000 },
  async () => {
    const kindsBefore = await chunksOfKind('settled');
    await checkPeople(database.store, { cases: 120, seed: 20_260_102, again: true });
    expect((await chunksOfKind('settled')) - kindsBefore).toBeGreaterThan(20);
    expect(await chunksOfKind('listed')).toBeGreaterThan(20);
  },
);

test(
  'three hundred random imports come out as the rules say where there is nobody yet',
  { timeout: 600_000 },
  async () => {
    await checkPeople(database.store, { cases: 300, seed: 20_260_103, nobody: true });
    const { rows } = await database.store.pool.query<{ count: number }>(
      'SELECT count(*) AS count FROM inlet.chunk WHERE fresh AND added > 0',
    );
    expect(rows[0]?.count).toBeGreaterThan(100);
  },
);

async function chunksOfKind(kind: 'settled' | 'listed'): Promise<number> {
  const { rows } = await database.store.pool.query<{ count: number }>(
    'SELECT count(*) AS count FROM inlet.chunk WHERE kind = $1 AND applied_at IS NOT NULL',
    [kind],
  );
  return rows[0]?.count ?? 0;
}
