import { describe, expect, it } from 'vitest';
import { AcceptRefused, acceptImport } from '../../store/accept-import.js';
import { logUnopened } from '../../store/log-unopened.js';
import type { ImportStatus } from '../../store/records.js';
import { forgetSync, saveSync } from '../../store/workspaces.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { definitionOf, settingsOf } from '../support/store-import.js';

const database = useStore('accept');

interface Logged {
  status?: ImportStatus;
  startTime?: number | null;
}

/** A sync whose log has these imports, from number 1. */
async function syncWith(...imports: Logged[]) {
  const { store } = database;
  const workspace = newWorkspace();
  const definition = definitionOf({ workspace, columns: [] });
  const settings = settingsOf({ workspace });
  await saveSync(store, definition, settings);
  for (const [index, { status = 'Some Rows Failed', startTime = 1_000 }] of imports.entries()) {
    const number = index + 1;
    const entry = { definition, number, cause: 'schedule', full: false, lastSyncTime: 0, dueAt: 0 } as const;
    await logUnopened(store, { ...entry, status: 'Failed', reason: '', intervals: 1 });
    await store.pool.query(
      `UPDATE inlet.import SET status = $2, start_time = $3, rows = 3, added = 0, updated = 0, unchanged = 0, skipped = 0,
              superseded = 0, failed = 3, ended_at = CASE WHEN $2 = 'Running' THEN NULL ELSE now() END
       WHERE number = $4 AND workspace_id = (SELECT workspace_id FROM inlet.workspace WHERE name = $1)`,
      [workspace, status, startTime, number],
    );
  }
  return {
    definition,
    settings,
    workspace,
    accept: (number: number) => acceptImport(store, { workspace, sync: definition.sync, number }),
    async lastSyncTime(): Promise<number> {
      const { lastSyncTime } = await saveSync(store, definition, settings);
      return lastSyncTime;
    },
  };
}

async function refusalOf(accepting: Promise<unknown>): Promise<string> {
  const error: unknown = await accepting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof AcceptRefused) return error.message;
  throw new Error('it was not refused', { cause: error });
}

describe('accepting an import that is Some Rows Failed', () => {
  it('moves last_sync_time to its start, and says from where and past how many rows', async () => {
    const sync = await syncWith({ startTime: 1_000 });
    expect(await sync.accept(1)).toEqual({ formerly: 0, lastSyncTime: 1_000, failed: 3 });
    expect(await sync.lastSyncTime()).toBe(1_000);
  });

  it('is noted in its row of the log, once', async () => {
    const sync = await syncWith({});
    const acceptedAt = async () => {
      const sql = 'SELECT accepted_at FROM inlet.imports WHERE workspace = $1';
      const { rows } = await database.store.pool.query<{ accepted_at: Date | null }>(sql, [sync.workspace]);
      return rows[0]?.accepted_at;
    };
    expect(await acceptedAt()).toBeNull();
    await sync.accept(1);
    const first = await acceptedAt();
    expect(first).toBeInstanceOf(Date);
    expect(await sync.accept(1)).toEqual({ formerly: 1_000, lastSyncTime: 1_000, failed: 3 });
    expect(await acceptedAt()).toEqual(first);
  });

  it('never moves last_sync_time backwards', async () => {
    const sync = await syncWith({ startTime: 1_000 }, { startTime: 2_000 });
    await sync.accept(2);
    expect(await refusalOf(sync.accept(1))).toContain('is past import 1 of "customers" already');
    expect(await sync.lastSyncTime()).toBe(2_000);
  });

  it('is refused where the import has no start time', async () => {
    const sync = await syncWith({ startTime: null });
    expect(await refusalOf(sync.accept(1))).toContain('has no start time');
  });

  it('is refused for an import of another database, also when the sync has come back to its own', async () => {
    const sync = await syncWith({});
    await saveSync(database.store, { ...sync.definition, database: 'warehouse' }, sync.settings);
    expect(await refusalOf(sync.accept(1))).toContain('read from another database');
    await saveSync(database.store, sync.definition, sync.settings);
    expect(await refusalOf(sync.accept(1))).toContain('read from another database');
    expect(await sync.lastSyncTime()).toBe(0);
  });

  it('is refused once the sync was deleted, also when it is applied again', async () => {
    const sync = await syncWith({});
    await forgetSync(database.store, sync.workspace, 'customers');
    expect(await refusalOf(sync.accept(1))).toBe('The sync "customers" is not applied.');
    await saveSync(database.store, sync.definition, sync.settings);
    expect(await refusalOf(sync.accept(1))).toContain('from before the sync was deleted');
  });
});

describe('accepting any other import', () => {
  it.each<[ImportStatus, string]>([
    ['Running', 'is Running: only one that has ended'],
    ['Completed', 'is Completed: it has no failed rows'],
    ['Failed', 'is Failed: not all of its rows were applied'],
    ['Skipped', 'is Skipped: it asked for no rows'],
    ['Canceled', 'is Canceled: not all of its rows were applied'],
  ])('that is %s is refused', async (status, sentence) => {
    const sync = await syncWith({ status });
    expect(await refusalOf(sync.accept(1))).toContain(sentence);
    expect(await sync.lastSyncTime()).toBe(0);
  });

  it('that the log does not have is refused', async () => {
    const sync = await syncWith();
    expect(await refusalOf(sync.accept(7))).toBe('Import 7 of "customers" is not in the log.');
  });
});
