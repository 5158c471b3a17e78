import { expect, test } from 'vitest';
import { seldomHit } from '../support/relations-hits.js';
import { checkRelations } from '../support/relations-property.js';
import { useStore } from '../support/store-database.js';

const database = useStore('relations_property');

// More cases, from other seeds: npm run property -- --relations --cases N --seed S
test(
  'three hundred and twenty random imports with objects, relationships and segments come out as the rules say',
  { timeout: 600_000 },
  async () => {
    const hits = await checkRelations(database.store, { cases: 320, seed: 15 });
    expect(seldomHit(hits, 4)).toEqual([]);
  },
);

test(
  'eighty random imports with objects and segments come out as the rules say when most of their rows were imported before',
  { timeout: 600_000 },
  async () => {
    await checkRelations(database.store, { cases: 80, seed: 16, again: true });
    const { rows } = await database.store.pool.query<{ people: number; objects: number }>(
      `SELECT count(*) FILTER (WHERE definition ? 'segment') AS people, count(*) FILTER (WHERE definition->>'import' = 'objects') AS objects
       FROM inlet.chunk JOIN inlet.import USING (import_id) WHERE kind = 'settled'`,
    );
    expect(rows[0]?.people).toBeGreaterThan(5);
    expect(rows[0]?.objects).toBeGreaterThan(5);
  },
);
