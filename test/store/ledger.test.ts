import { expect, test } from 'vitest';
import { closeAbandoned, runningImports } from '../../store/abandoned.js';
import { closeImport } from '../../store/end-import.js';
import { FencedOff } from '../../store/fence.js';
import { adoptStaging } from '../../store/imports.js';
import { applyNextChunk, planImport, StagingLost } from '../../store/ledger.js';
import { migrate } from '../../store/migrate.js';
import { openImport } from '../../store/open-import.js';
import { createStaging, qualified, sweepStaging } from '../../store/staging.js';
import { openStore } from '../../store/store.js';
import { createDatabase } from '../support/database.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import {
  columnsOf,
  definitionOf,
  importRows,
  nonZero,
  peopleOf,
  settingsOf,
  stageImport,
} from '../support/store-import.js';

const database = useStore('ledger');

/** Ten rows on blocks of their own, so that they make several chunks. */
const tenRows = (workspace: string) => ({
  workspace,
  columns: ['id', 'pad'],
  rows: Array.from({ length: 10 }, (_, at) => [`${at}`, 'p'.repeat(400)]),
  sparse: true,
});

const opening = (workspace: string, number: number) => ({
  definition: definitionOf({ workspace, columns: [] }),
  number,
  cause: 'schedule' as const,
  full: false,
  lastSyncTime: 0,
  dueAt: Date.now(),
  grantedAt: Date.now(),
});

test('a chunk that is applied is not applied again, however often chunks are asked for', async () => {
  const workspace = newWorkspace();
  const { store } = database;
  const work = await stageImport(store, tenRows(workspace));
  const chunks = await planImport(store, work, 3);
  let applied = 0;
  while (await applyNextChunk(store, work)) applied += 1;
  expect(applied).toBe(chunks);
  expect(await applyNextChunk(store, work)).toBe(false);
  expect(await planImport(store, work, 1)).toBe(chunks);
  expect(await applyNextChunk(store, work)).toBe(false);
  const { counts } = await closeImport(store, work.key, { status: 'applied' });
  expect(nonZero(counts)).toEqual({ rows: 10, added: 10 });
  expect(await peopleOf(store, workspace)).toHaveLength(10);
});

test('a chunk whose transaction is lost leaves nothing, and is taken again', async () => {
  const workspace = newWorkspace();
  const { store } = database;
  const work = await stageImport(store, tenRows(workspace));
  await planImport(store, work, 3);
  const stolen = qualified(work.staging.table);
  await store.pool.query(`ALTER TABLE ${stolen} RENAME COLUMN c2 TO gone`);
  await expect(applyNextChunk(store, work)).rejects.toThrow();
  expect(await peopleOf(store, workspace)).toEqual([]);
  await store.pool.query(`ALTER TABLE ${stolen} RENAME COLUMN gone TO c2`);
  while (await applyNextChunk(store, work));
  const { status, counts } = await closeImport(store, work.key, { status: 'applied' });
  expect({ status, counts: nonZero(counts) }).toEqual({
    status: 'Completed',
    counts: { rows: 10, added: 10 },
  });
});

test('an import that another one has followed writes nothing more', async () => {
  const workspace = newWorkspace();
  const { store } = database;
  const work = await stageImport(store, tenRows(workspace));
  await planImport(store, work, 3);
  expect(await applyNextChunk(store, work)).toBe(true);
  const before = await peopleOf(store, workspace);
  const opened = await openImport(store, opening(workspace, work.number + 1), work.key);
  expect(opened.kind).toBe('open');
  await expect(applyNextChunk(store, work)).rejects.toThrow(FencedOff);
  await expect(planImport(store, work)).rejects.toThrow(FencedOff);
  await expect(
    adoptStaging(store, work.key, {
      ...work.staging,
      startTime: 1,
      startBound: 'clock',
      warnings: [],
    }),
  ).rejects.toThrow(FencedOff);
  expect(await peopleOf(store, workspace)).toEqual(before);
});

test('an import that is closed writes nothing more', async () => {
  const workspace = newWorkspace();
  const { store } = database;
  const work = await stageImport(store, tenRows(workspace));
  await planImport(store, work, 3);
  await closeImport(store, work.key, { status: 'Canceled', reason: 'enough' });
  await expect(applyNextChunk(store, work)).rejects.toThrow(FencedOff);
  expect(await peopleOf(store, workspace)).toEqual([]);
});

test('an import that is active keeps others out, and says who it is', async () => {
  const workspace = newWorkspace();
  const { store } = database;
  const work = await stageImport(store, tenRows(workspace));
  const other = {
    ...opening(workspace, 1),
    definition: { ...opening(workspace, 1).definition, sync: 'leads' },
  };
  expect(await openImport(store, other)).toEqual({
    kind: 'taken',
    by: { key: work.key, sync: 'customers', number: work.number },
  });
  await closeImport(store, work.key, { status: 'Failed', reason: 'lost' });
  expect(await openImport(store, other)).toMatchObject({ kind: 'open' });
});

test('an import that was abandoned is closed as such, and the next one is let in', async () => {
  const workspace = newWorkspace();
  const { store } = database;
  const work = await stageImport(store, tenRows(workspace));
  const [running] = await runningImports(store, workspace);
  expect(running).toMatchObject({ key: work.key, number: work.number });
  if (running !== undefined) await closeAbandoned(store, running);
  expect(await runningImports(store, workspace)).toEqual([]);
  expect(await openImport(store, opening(workspace, work.number + 1))).toMatchObject({ kind: 'open' });
  const { status, reason } = await closeImport(store, work.key, { status: 'applied' });
  expect({ status, reason }).toEqual({
    status: 'Failed',
    reason: 'abandoned: its workflow ended without closing it.',
  });
});

test('closing is the same however often it is asked for', async () => {
  const { store } = database;
  const work = await stageImport(store, tenRows(newWorkspace()));
  await planImport(store, work, 3);
  while (await applyNextChunk(store, work));
  const first = await closeImport(store, work.key, { status: 'applied' });
  const again = await closeImport(store, work.key, { status: 'Failed', reason: 'too late' });
  expect(first).toMatchObject({ status: 'Completed', lastSyncTime: 1_700_000_000 });
  expect(first.isNews).toBe(true);
  expect(again).toEqual({ ...first, isNews: false });
});

test('an import is not Completed while chunks are not applied', async () => {
  const { store } = database;
  const work = await stageImport(store, tenRows(newWorkspace()));
  await planImport(store, work, 3);
  await applyNextChunk(store, work);
  const { status, lastSyncTime } = await closeImport(store, work.key, { status: 'applied' });
  expect({ status, lastSyncTime }).toEqual({ status: 'Failed', lastSyncTime: null });
});

test.each(['rows', 'added'])('an import whose %s do not add up is not Completed', async (name) => {
  const { store } = database;
  const work = await stageImport(store, tenRows(newWorkspace()));
  await planImport(store, work, 3);
  while (await applyNextChunk(store, work));
  await store.pool.query(`UPDATE inlet.chunk SET ${name} = ${name} + 1 WHERE import_id = $1 AND chunk = 1`, [
    work.key,
  ]);
  const { status, reason, lastSyncTime } = await closeImport(store, work.key, { status: 'applied' });
  expect({ status, lastSyncTime }).toEqual({ status: 'Failed', lastSyncTime: null });
  expect(reason).toContain("The counts don't add up");
});

test('staged rows that are gone are noticed by the plan', async () => {
  const { store } = database;
  const work = await stageImport(store, tenRows(newWorkspace()));
  await store.pool.query(`TRUNCATE ${qualified(work.staging.table)}`);
  await expect(planImport(store, work)).rejects.toThrow(StagingLost);
});

test.each(['TRUNCATE', 'DROP TABLE'])('staged rows that are gone are noticed by a chunk: %s', async (how) => {
  const workspace = newWorkspace();
  const { store } = database;
  const work = await stageImport(store, tenRows(workspace));
  await planImport(store, work, 3);
  await store.pool.query(`${how} ${qualified(work.staging.table)}`);
  await expect(applyNextChunk(store, work)).rejects.toThrow(StagingLost);
  expect(await peopleOf(store, workspace)).toEqual([]);
});

test('staged rows that are gone are noticed by a chunk of contested rows', async () => {
  const workspace = newWorkspace();
  const { store } = database;
  const work = await stageImport(store, {
    workspace,
    columns: ['id', 'email'],
    rows: [
      ['1', 'a@x.io'],
      ['2', 'a@x.io'],
    ],
  });
  await planImport(store, work, 3);
  expect(await applyNextChunk(store, work)).toBe(true);
  await store.pool.query(`TRUNCATE ${qualified(work.staging.table)}`);
  await expect(applyNextChunk(store, work)).rejects.toThrow(StagingLost);
  expect(await peopleOf(store, workspace)).toEqual([]);
});

test('the staging of the first attempt counts, whoever comes later', async () => {
  const { store } = database;
  const work = await stageImport(store, tenRows(newWorkspace()));
  const late = { ...work.staging, table: 'late', startTime: 1, startBound: 'clock', warnings: [] };
  expect(await adoptStaging(store, work.key, late)).toMatchObject({ table: work.staging.table });
});

test('staging that no running import owns is swept, by two at once, and the rest is left', async () => {
  const { store } = database;
  const workspace = newWorkspace();
  const work = await stageImport(store, tenRows(workspace));
  await importRows(store, tenRows(newWorkspace()));
  const columns = columnsOf(['id']);
  const options = { workspace, columns };
  const orphan = await createStaging(store, '999999999', {
    subject: { kind: 'people', identifyBy: 'id' },
    settings: settingsOf(options),
    columns,
  });
  const there = async (table: string) => {
    const { rows } = await store.pool.query<{ there: boolean }>(
      'SELECT to_regclass($1) IS NOT NULL AS there',
      [qualified(table)],
    );
    return rows[0]?.there;
  };
  await Promise.all([sweepStaging(store), sweepStaging(store)]);
  await sweepStaging(store);
  expect(await there(orphan)).toBe(false);
  expect(await there(work.staging.table)).toBe(true);
  const { rows } = await store.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM inlet.staging_table t
     WHERE NOT EXISTS (SELECT FROM inlet.import i WHERE i.import_id = t.import_id AND i.status = 'Running')`,
  );
  expect(rows).toEqual([{ count: 0 }]);
});

test('two workers that start together migrate once', async () => {
  const made = await createDatabase('migrate');
  const stores = [openStore(made.url, { max: 2 }), openStore(made.url, { max: 2 })];
  try {
    await Promise.all(stores.map((store) => migrate(store)));
    await importRows(stores[0] ?? database.store, { columns: ['id'], rows: [['1']] });
    expect(await peopleOf(stores[1] ?? database.store)).toHaveLength(1);
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await made.drop();
  }
});

test('a store that is not UTF-8 is refused with what to do', async () => {
  const made = await createDatabase(
    'latin1',
    `TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'`,
  );
  const store = openStore(made.url, { max: 1 });
  try {
    await expect(migrate(store)).rejects.toThrow("Create one with ENCODING 'UTF8'");
  } finally {
    await store.close();
    await made.drop();
  }
});
