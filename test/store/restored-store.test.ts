import { describe, expect, test } from 'vitest';
import { translateUntilDone } from '../../activities/translate-error.js';
import type { SyncDefinition } from '../../config/sync-definition.js';
import { closeImport } from '../../store/end-import.js';
import { FencedOff, ForgottenImport } from '../../store/fence.js';
import { readOpenImport } from '../../store/imports.js';
import { openImport } from '../../store/open-import.js';
import type { Store } from '../../store/store.js';
import { saveSync } from '../../store/workspaces.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { definitionOf, settingsOf } from '../support/store-import.js';

const database = useStore('restored');
const [BACKUP, SINCE] = [1_700_000_000, 1_700_003_600];

/** What an import asks from, if Temporal gives it `asked` and the store knows `BACKUP`. */
async function asksFrom(asked: number, readsFrom = 'crm'): Promise<number> {
  const { store } = database;
  const options = { workspace: newWorkspace(), columns: [] };
  const definition = definitionOf(options);
  await saveSync(store, definition, settingsOf(options));
  await store.pool.query(
    `UPDATE inlet.sync s SET last_sync_time = $2 FROM inlet.workspace w
     WHERE w.workspace_id = s.workspace_id AND w.name = $1`,
    [options.workspace, BACKUP],
  );
  const { key } = await open(store, { ...definition, database: readsFrom }, asked);
  return (await readOpenImport(store, key)).lastSyncTime;
}

async function open(
  store: Store,
  definition: SyncDefinition,
  lastSyncTime: number,
): Promise<{ key: string }> {
  const opened = await openImport(store, {
    definition,
    number: 7,
    cause: 'schedule',
    full: false,
    lastSyncTime,
    dueAt: Date.now(),
    grantedAt: Date.now(),
  });
  if (opened.kind === 'taken') throw new Error('taken');
  return opened;
}

test("a store that was restored from a backup asks again for what it lost, whatever Temporal's last_sync_time", async () => {
  expect(await asksFrom(SINCE)).toBe(BACKUP);
});

test('an import in full, or of a sync that was reset, asks from where it was told', async () => {
  expect(await asksFrom(0)).toBe(0);
  expect(await asksFrom(BACKUP - 60)).toBe(BACKUP - 60);
});

test('an import from a database that the store has not read from asks for everything', async () => {
  expect(await asksFrom(SINCE, 'warehouse')).toBe(0);
});

describe('a store that was restored from a backup of its first minute', () => {
  const before = useStore('before');
  const restored = useStore('after');

  test('gives no import the key of one that it has forgotten, and that Temporal still knows', async () => {
    const definition = definitionOf({ workspace: newWorkspace(), columns: [] });
    const { key: forgotten } = await open(before.store, definition, 0);
    expect((await open(restored.store, definition, 0)).key).not.toBe(forgotten);
    await expect(readOpenImport(restored.store, forgotten)).rejects.toThrow(FencedOff);
    await expect(closeImport(restored.store, forgotten, { status: 'applied' })).rejects.toThrow(
      ForgottenImport,
    );
  });
});

test('an import that the store has forgotten is closed with a sentence, and not tried for ever', async () => {
  await expect(closeImport(database.store, '999999', { status: 'applied' })).rejects.toThrow(ForgottenImport);
  expect(translateUntilDone(new ForgottenImport())).toMatchObject({
    type: 'ForgottenImport',
    nonRetryable: true,
  });
});

test('imports that open in one millisecond each get a key of their own', async () => {
  const { rows } = await database.store.pool.query<{ keys: number }>(
    'SELECT count(DISTINCT id)::int AS keys FROM (SELECT inlet.new_import_id() AS id FROM generate_series(1, 1024)) given',
  );
  expect(rows).toEqual([{ keys: 1024 }]);
});
