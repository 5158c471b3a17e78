import { expect, test } from 'vitest';
import { seldomHit } from '../support/people-property.js';
import { checkPreviews } from '../support/preview-property.js';
import { useStore } from '../support/store-database.js';

const database = useStore('preview_property');

// More cases, from other seeds: npm run property -- --preview --cases N --seed S
test('three hundred random previews say of each row what the rules say, and write nothing', async () => {
  const hits = await checkPreviews(database.store, { cases: 300, seed: 20_260_102 });
  expect(seldomHit(hits, 5)).toEqual([]);

  const { rows } = await database.store.pool.query<{ left: number }>(
    `SELECT (SELECT count(*) FROM inlet.import) + (SELECT count(*) FROM inlet.import_failure)
          + (SELECT count(*) FROM inlet.staging_table) + (SELECT count(*) FROM inlet.sync) AS left`,
  );
  expect(rows).toEqual([{ left: 0 }]);
});
