import { expect, test } from 'vitest';
import type { Column } from '../../sources/source.js';
import { planImport, StagingLost } from '../../store/ledger.js';
import { qualified } from '../../store/staging.js';
import { useStore } from '../support/store-database.js';
import {
  column,
  importRows,
  nonZero,
  peopleOf,
  stageImport,
  type ImportOptions,
} from '../support/store-import.js';
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

// PostgreSQL's hash of the type is the same for both cells of each pair.
test.each<[what: string, type: Column['type'], array: boolean, before: string, after: string]>([
  ['the sign of a number', 'numeric', false, '5.00', '-5.00'],
  ['not a number', 'numeric', false, 'NaN', 'Infinity'],
  ['a bit above the lower 32', 'bigint', false, '1', '4294967296'],
  ['the sign of an integer', 'bigint', false, '-1', '4294967295'],
  ['a time', 'timestamp', false, '2000-01-01 00:00:00.000001', '2000-01-01 01:11:34.967296'],
  ['a time', 'timestamptz', false, '2000-01-01 00:00:00.000001+00', '2000-01-01 01:11:34.967296+00'],
  ['the shape of an array', 'bigint', true, '{1,2,3,4}', '{{1,2},{3,4}}'],
  ['the sign of an element', 'numeric', true, '{5.00}', '{-5.00}'],
])('%s of a %s (array: %s) is a change: %s, %s', async (what, type, array, before, after) => {
  const workspace = `${what} ${type} ${array}`;
  const withCell = (cell: string) => rows.map((row, at) => [...row.slice(0, 2), at === 7 ? cell : before]);
  const typed = { columns: ['id', 'email', column('cell', type, array)] };
  await importInto(workspace, { ...typed, rows: withCell(before) });
  expect(await importInto(workspace, { ...typed, rows: withCell(after) })).toMatchObject({
    counts: { rows: 12, updated: 1, unchanged: 11 },
  });
  expect(await kindsOfLastImport(workspace)).toEqual(['listed', 'settled']);
});

test('rows that a crash took from the stage do not pass for settled', async () => {
  const { store } = database;
  await importInto('crash');
  const work = await stageImport(store, { workspace: 'crash', sync: 'all', columns, rows });
  await store.pool.query(`DELETE FROM ${qualified(work.staging.table)} WHERE n > 8`);
  await expect(planImport(store, work, 3)).rejects.toThrow(StagingLost);
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
