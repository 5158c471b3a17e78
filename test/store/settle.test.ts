import { expect, test } from 'vitest';
import { useStore } from '../support/store-database.js';
import { importRows, nonZero, peopleOf, type ImportOptions } from '../support/store-import.js';
import { readImport } from '../support/stored-workspace.js';

const database = useStore('settle');

/** Enough for several chunks. */
const rows = Array.from({ length: 12 }, (_, at) => [`${at}`, `p${at}@x.io`, 'gold']);
const columns = ['id', 'email', 'plan'];

async function importInto(workspace: string, options: Partial<ImportOptions> = {}) {
  const { counts, number } = await importRows(database.store, {
    ...{ workspace, identifyBy: 'id', columns, rows, sync: 'all', ...options },
  });
  const { membersAdded } = await readImport(database.store, workspace, number);
  return { counts: nonZero(counts), membersAdded };
}

async function kindsOfLastImport(workspace: string): Promise<string[]> {
  const { rows: found } = await database.store.pool.query<{ kind: string }>(
    `SELECT DISTINCT kind FROM inlet.chunk WHERE import_id =
       (SELECT max(import_id) FROM inlet.import JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1)
     ORDER BY kind`,
    [workspace],
  );
  return found.map(({ kind }) => kind);
}

test('rows that were imported before are settled by the plan, and only the others are looked at', async () => {
  await importInto('again');
  const altered = rows.map((row, at) => (at === 7 ? [...row.slice(0, 2), 'silver'] : row));
  expect(await importInto('again', { rows: altered })).toMatchObject({
    counts: { rows: 12, updated: 1, unchanged: 11 },
  });
  expect(await kindsOfLastImport('again')).toEqual(['listed', 'settled']);
  const people = await peopleOf(database.store, 'again');
  expect(people.filter(({ attributes }) => attributes['plan'] === 'silver').map(({ id }) => id)).toEqual([
    '7',
  ]);
});

test('a superseded row beside settled ones is still superseded', async () => {
  await importInto('superseded');
  expect(await importInto('superseded', { rows: [...rows, ...rows.slice(0, 2)] })).toMatchObject({
    counts: { rows: 14, unchanged: 12, superseded: 2 },
  });
  expect(await kindsOfLastImport('superseded')).toContain('settled');
});

test('what somebody changed by hand is brought back', async () => {
  await importInto('by-hand');
  await database.store.pool.query(
    `UPDATE inlet.person SET attributes = attributes || '{"plan": "by hand"}'
     WHERE id = '3' AND workspace_id = (SELECT workspace_id FROM inlet.workspace WHERE name = 'by-hand')`,
  );
  expect(await importInto('by-hand')).toMatchObject({ counts: { rows: 12, updated: 1, unchanged: 11 } });
});

test('what another sync changed is brought back', async () => {
  await importInto('other-sync');
  await importInto('other-sync', { sync: 'some', columns: ['id', 'plan'], rows: [['5', 'other']] });
  expect(await importInto('other-sync')).toMatchObject({ counts: { rows: 12, updated: 1, unchanged: 11 } });
});

test('the same cells under other names of columns are other rows', async () => {
  await importInto('renamed');
  expect(await importInto('renamed', { columns: ['id', 'email', 'tier'] })).toMatchObject({
    counts: { rows: 12, updated: 12 },
  });
});

test('who left the segment by hand joins again, though nothing else is new', async () => {
  const segment = { name: 'Everybody', create: true, mirror: false, allowEmpty: false };
  await importInto('segment', { segment });
  await database.store.pool.query(
    `DELETE FROM inlet.segment_member m USING inlet.person p JOIN inlet.workspace w USING (workspace_id)
     WHERE m.person_id = p.person_id AND w.name = 'segment' AND p.id IN ('1', '2')`,
  );
  expect(await importInto('segment', { segment })).toMatchObject({
    counts: { rows: 12, unchanged: 12 },
    membersAdded: 2,
  });
  expect(await kindsOfLastImport('segment')).toEqual(['listed', 'settled']);
});

test('a sync that only adds skips whom it knows, settled or not', async () => {
  await importInto('adds');
  expect(await importInto('adds', { mode: 'add' })).toMatchObject({ counts: { rows: 12, skipped: 12 } });
});
