import { expect, test } from 'vitest';
import { checkContested } from '../support/people-property.js';
import { useStore } from '../support/store-database.js';

const database = useStore('contested_rows');

// More rows, from other seeds: npm run property -- --rows 60000 --cases N --seed S
test.each([
  ['small chunks on four connections', { chunkRows: 100, lanes: 4 }],
  ['chunks as they are by default, on two connections', { chunkRows: 20_000, lanes: 2 }],
])(
  'three thousand rows that meet each other come out as the rules say, in %s',
  { timeout: 300_000 },
  async (_, work) => {
    for (const seed of [0, 1, 2, 3, 4, 5]) {
      const { counts } = await checkContested(database.store, { rows: 3_000, seed, ...work });
      expect(counts.failed).toBeGreaterThan(0);
    }
  },
);
