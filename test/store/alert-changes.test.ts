import { runner } from 'node-pg-migrate';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { noticeChanges, type Watching } from '../../store/alert-changes.js';
import { acceptImport } from '../../store/accept-import.js';
import { findAlert, listAlerts, listConditions, nextAlerts, noteAttempt } from '../../store/alert-outbox.js';
import { closeImport } from '../../store/end-import.js';
import { migrate } from '../../store/migrate.js';
import { only, openStore } from '../../store/store.js';
import { forgetSync } from '../../store/workspaces.js';
import { createDatabase } from '../support/database.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { importRows, stageImport } from '../support/store-import.js';

const opened = useStore('alerts');

/** A workspace, with what happens to its one sync. */
function scene() {
  const workspace = newWorkspace();
  const { store } = opened;
  const watching: Watching = { workspace, afterMs: 3_600_000_000 };
  const rows = [['1', 'pro']];
  const options = { workspace, columns: ['id', 'plan'], rows };
  return {
    workspace,
    look: () => noticeChanges(store, watching),
    completes: () => importRows(store, options),
    someFail: () => importRows(store, { ...options, rows: [...rows, ['', 'a secret plan']] }),
    fails: async () => {
      const { key } = await stageImport(store, options);
      return await closeImport(store, key, { status: 'Failed', reason: 'the source is away' });
    },
    told: async () =>
      (await listAlerts(store, { workspace, limit: 100 }))
        .toReversed()
        .map(({ number, type, recoveredFrom }) => [number, type, ...(recoveredFrom ? [recoveredFrom] : [])]),
    conditions: async () =>
      (await listConditions(store, { workspace })).map(({ condition }) => condition).toSorted(),
  };
}

/** Logs skipped intervals after the newest import, and gives that one's number. */
async function skipMany(workspace: string, count: number): Promise<number> {
  const { rows } = await opened.store.pool.query<{ number: number }>(
    `WITH newest AS (
       SELECT i.* FROM inlet.import i JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1
       ORDER BY i.number DESC LIMIT 1
     ), skipped AS (
       INSERT INTO inlet.import (workspace_id, sync_id, number, status, cause, is_full, intervals, definition, settings,
                                 last_sync_time, due_at, ended_at, alerts_due)
       SELECT workspace_id, sync_id, number + n, 'Skipped', cause, is_full, 1, definition, settings, last_sync_time, now(),
              now(), false
       FROM newest, generate_series(1, $2::int) n
     )
     SELECT number FROM newest`,
    [workspace, count],
  );
  return only({ rows }).number;
}

describe('changes of state', () => {
  it('are written once, however many look at them at once', async () => {
    const { look, completes, fails, told } = scene();
    await completes();
    await look();
    await fails();
    await Promise.all(Array.from({ length: 6 }, look));
    await completes();
    await Promise.all(Array.from({ length: 6 }, look));
    expect(await told()).toEqual([
      [1, 'sync.failing'],
      [2, 'sync.recovered', 'failing'],
    ]);
  });

  it('of several imports that nobody looked at in between are all told, in order', async () => {
    const { look, completes, someFail, fails, told } = scene();
    await completes();
    await look();
    await fails();
    await someFail();
    await completes();
    await look();
    expect(await told()).toEqual([
      [1, 'sync.failing'],
      [2, 'sync.recovered', 'failing'],
      [3, 'sync.some_rows_failed'],
      [4, 'sync.recovered', 'some_rows_failed'],
    ]);
  });

  it('by an import that was accepted are told, however many were skipped since', async () => {
    const { workspace, look, completes, someFail, told } = scene();
    await completes();
    await look();
    await someFail();
    await look();
    const number = await skipMany(workspace, 60);
    await acceptImport(opened.store, { workspace, sync: 'customers', number });
    await look();
    expect(await told()).toEqual([
      [1, 'sync.some_rows_failed'],
      [2, 'sync.recovered', 'some_rows_failed'],
    ]);
  });

  it('that happened while nobody had alerts on are not told when somebody has', async () => {
    const { look, completes, fails, told, conditions } = scene();
    await fails();
    await fails();
    await look();
    expect(await conditions()).toEqual(['failing']);
    await fails();
    await completes();
    await look();
    expect(await told()).toEqual([]);
    await fails();
    await look();
    expect(await told()).toEqual([[1, 'sync.failing']]);
  });

  it('of a sync that is new are told from its first import on', async () => {
    const { workspace, look, fails, told } = scene();
    await importRows(opened.store, { workspace, sync: 'other', columns: ['id'], rows: [['1']] });
    await look();
    await fails();
    await look();
    expect(await told()).toEqual([[1, 'sync.failing']]);
  });

  it('are forgotten with a sync that is deleted, and begin anew; the numbers go on', async () => {
    const { workspace, look, completes, fails, told, conditions } = scene();
    await completes();
    await look();
    await fails();
    await look();
    await forgetSync(opened.store, workspace, 'customers');
    await look();
    expect(await conditions()).toEqual([]);
    await fails();
    await look();
    expect(await told()).toEqual([
      [1, 'sync.failing'],
      [2, 'sync.failing'],
    ]);
  });

  it('are told in words and numbers, without a row', async () => {
    const { workspace, look, completes, someFail } = scene();
    await completes();
    await look();
    const { number } = await someFail();
    await look();
    const alert = await findAlert(opened.store, { workspace, sync: 'customers', number: 1 });
    expect(alert?.body).not.toContain('a secret plan');
    expect(JSON.parse(alert?.body ?? '')).toMatchObject({
      type: 'sync.some_rows_failed',
      version: 1,
      data: {
        ...{ workspace, sync: 'customers', name: 'Customers', alert: 1, import: number },
        status: 'Some Rows Failed',
        sentence: `1 of 2 rows of import ${number} of "customers" failed; its other rows were imported. last_sync_time stays where it is, so they are asked for again.`,
        counts: { rows: 2, failed: 1 },
        commands: [`inlet failures customers ${number}`, `inlet accept customers ${number}`],
      },
    });
  });
});

describe('the outbox', () => {
  it('gives the alerts of a sync one after the other, as they are settled', async () => {
    const { workspace, look, completes, fails } = scene();
    await completes();
    await look();
    await fails();
    await completes();
    await look();
    const { store } = opened;
    const next = async () => (await nextAlerts(store, workspace)).map(({ number }) => number);
    const first = { workspace, sync: 'customers', number: 1 };
    expect(await next()).toEqual([1]);
    await noteAttempt(store, first, '500', 'tried again');
    expect(await next()).toEqual([1]);
    await noteAttempt(store, first, '204', 'delivered');
    await noteAttempt(store, first, '500', 'tried again');
    expect(await next()).toEqual([2]);
    expect(await findAlert(store, first)).toMatchObject({ attempts: 2, lastAnswer: '204', givenUpAt: null });
    await noteAttempt(store, { ...first, number: 2 }, null, 'given up');
    expect(await next()).toEqual([]);
    expect(await findAlert(store, { ...first, number: 2 })).toMatchObject({ attempts: 0, lastAnswer: null });
  });
});

describe('a store from before there were alerts', () => {
  it('gets them, and what it has is taken as known', async () => {
    const database = await createDatabase('before_alerts');
    const store = openStore(database.url, { max: 3 });
    try {
      await store.pool.query('CREATE SCHEMA inlet');
      await runner({
        databaseUrl: database.url,
        dir: fileURLToPath(new URL('../../store/migrations', import.meta.url)),
        ...{ direction: 'up', count: 3, schema: 'inlet', migrationsSchema: 'inlet' },
        migrationsTable: 'migration',
        log: () => undefined,
      });
      await store.pool.query(`
        INSERT INTO inlet.workspace (name, identifiers, allow_email_updates_using_id, keep_imports_ms, keep_failures)
        VALUES ('acme', '{id}', false, 1, 1);
        INSERT INTO inlet.sync (workspace_id, name, definition)
        SELECT workspace_id, 'customers', '{"name": "Customers", "overlapSeconds": 1}' FROM inlet.workspace;
        INSERT INTO inlet.import (workspace_id, sync_id, number, status, cause, is_full, definition, settings,
                                  last_sync_time, due_at, ended_at)
        SELECT workspace_id, sync_id, 1, 'Failed', 'schedule', false, definition, '{}', 0, now(), now() FROM inlet.sync`);
      await migrate(store);
      await noticeChanges(store, { workspace: 'acme', afterMs: 60_000 });
      expect(await listAlerts(store, { workspace: 'acme', limit: 9 })).toEqual([]);
      expect(await listConditions(store, { workspace: 'acme' })).toMatchObject([{ condition: 'failing' }]);
    } finally {
      await store.close();
      await database.drop();
    }
  });
});
