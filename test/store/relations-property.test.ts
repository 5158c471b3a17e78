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
