import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { MIGRATIONS, SCHEMA, TooOldForStore } from '../../store/compatibility.js';
import { migrate } from '../../store/migrate.js';
import { applying, openStore, transaction, type Store } from '../../store/store.js';
import { createDatabase } from '../support/database.js';
import { ADDS, RAISES, withOneMore } from '../support/newer-migrations.js';
import { importRows } from '../support/store-import.js';

/** A store of this version, and the way to open it again. */
async function newStore(): Promise<{ store: Store; again: () => Store }> {
  const database = await createDatabase('upgrade');
  const opened: Store[] = [];
  const again = () => {
    const store = openStore(database.url, { max: 3 });
    opened.push(store);
    return store;
  };
  onTestFinished(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await database.drop();
  });
  const store = again();
  await migrate(store);
  return { store, again };
}

test('a version goes on, and starts, in a store that a newer one has only added to', async () => {
  const { store, again } = await newStore();
  await migrate(again(), await withOneMore(ADDS));
  await importRows(store, { columns: ['id'], rows: [['1']] });
  const started = again();
  await migrate(started);
  await importRows(started, { columns: ['id'], rows: [['2']] });
  const { rows } = await started.pool.query('SELECT id FROM inlet.people ORDER BY id');
  expect(rows).toEqual([{ id: '1' }, { id: '2' }]);
});

test('a version that is running is refused once a newer one has raised the oldest that is admitted', async () => {
  const { store, again } = await newStore();
  await importRows(store, { columns: ['id'], rows: [['1']] });
  await migrate(again(), await withOneMore(RAISES));
  await expect(importRows(store, { columns: ['id'], rows: [['2']] })).rejects.toThrow(TooOldForStore);
});

test('a version that is too old can neither start nor read, and hears which versions and what to do', async () => {
  const { again } = await newStore();
  const directory = await withOneMore(RAISES);
  await migrate(again(), directory);
  await expect(migrate(again())).rejects.toThrow(
    new RegExp(
      `upgraded by Inlet \\S+ .* this is Inlet \\S+ with schema ${SCHEMA}, .* asks for schema 900 or newer\\. Install Inlet \\S+ or newer here\\.$`,
    ),
  );
  await expect(again().pool.query('SELECT FROM inlet.people')).rejects.toThrow(TooOldForStore);
});

test('raising it waits for what is being written, and what comes meanwhile waits and is refused', async () => {
  const { store, again } = await newStore();
  const directory = await withOneMore(RAISES);
  const activity = async (condition: string) => {
    const { rowCount } = await store.pool.query(
      `SELECT FROM pg_stat_activity WHERE ${condition} AND datname = current_database()`,
    );
    return rowCount;
  };
  let finish: (() => void) | undefined;
  const writing = transaction(store, applying, () => new Promise<void>((resolve) => (finish = resolve)));
  await vi.waitFor(async () => expect(await activity(`state = 'idle in transaction'`)).toBe(1), 20_000);
  const upgrade = migrate(again(), directory);
  await vi.waitFor(async () => expect(await activity(`wait_event_type = 'Lock'`)).toBe(1), 20_000);
  const refused = expect(transaction(store, applying, () => Promise.resolve('written'))).rejects.toThrow(
    TooOldForStore,
  );
  await vi.waitFor(async () => expect(await activity(`wait_event_type = 'Lock'`)).toBe(2), 20_000);
  finish?.();
  await writing;
  await upgrade;
  await refused;
});

test('the version that ran the migrations is noted, and not one that found nothing to run', async () => {
  const { store, again } = await newStore();
  await store.pool.query(`UPDATE inlet.compatibility SET upgraded_by = '9.9.9'`);
  await migrate(again());
  const { rows } = await store.pool.query('SELECT upgraded_by FROM inlet.compatibility');
  expect(rows).toEqual([{ upgraded_by: '9.9.9' }]);
});

test('a store with other migrations than this build has is refused with both named', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'inlet-other-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await cp(MIGRATIONS, directory, { recursive: true });
  await rename(join(directory, '003_objects.sql'), join(directory, '003_others.sql'));
  const { again } = await newStore();
  await expect(migrate(again(), directory)).rejects.toThrow(
    /it has the migration 003_objects, and this is \S+ with 003_others in its place/,
  );
});

test('a migration that fails leaves nothing of itself or of those before it', async () => {
  const database = await createDatabase('upgrade');
  const store = openStore(database.url, { max: 2 });
  onTestFinished(async () => {
    await store.close();
    await database.drop();
  });
  await expect(migrate(store, await withOneMore('SELECT 1 / 0;'))).rejects.toThrow('division by zero');
  const { rows } = await store.pool.query(`SELECT to_regclass('inlet.person') IS NULL AS absent`);
  expect(rows).toEqual([{ absent: true }]);
});
