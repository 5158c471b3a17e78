import { PassThrough } from 'node:stream';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { listImports } from '../../store/import-log.js';
import { migrate } from '../../store/migrate.js';
import { findPeople } from '../../store/people.js';
import type { RowMeter } from '../../store/row-meter.js';
import { copyIntoStaging, createStaging } from '../../store/staging.js';
import { applying, only, openStore, transaction } from '../../store/store.js';
import { createDatabase } from '../support/database.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { columnsOf, importRows, settingsOf, stageImport } from '../support/store-import.js';

const database = useStore('sessions');

test('a session that applies loses its transaction when its worker freezes or is gone', async () => {
  const settings = await transaction(database.store, applying, async (client) =>
    only(
      await client.query<Record<string, string | boolean>>(
        `SELECT current_setting('idle_in_transaction_session_timeout') AS idle,
                current_setting('client_connection_check_interval') AS checked,
                current_setting('statement_timeout') <> '0' AS "statementsEnd",
                current_setting('lock_timeout') <> '0' AS "waitsEnd",
                current_setting('tcp_keepalives_idle') AS keepalive,
                (SELECT setting = reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS "commitAsServer"`,
      ),
    ),
  );
  expect(settings).toEqual({
    idle: '30s',
    checked: '5s',
    statementsEnd: true,
    waitsEnd: true,
    keepalive: '30',
    commitAsServer: true,
  });
});

test('the limits of a session end with its transaction', async () => {
  const { store } = database;
  const read = async () =>
    only(
      await store.pool.query<{ idle: string }>(
        `SELECT current_setting('idle_in_transaction_session_timeout') AS idle`,
      ),
    );
  await transaction(store, applying, () => Promise.resolve());
  expect(await read()).toEqual({ idle: '0' });
});

test('a store whose settings are odd is prepared, written and read like any other', async () => {
  const odd = await createDatabase('odd');
  const name = pg.escapeIdentifier(new URL(odd.url).pathname.slice(1));
  const prepared = new pg.Client(odd.url);
  await prepared.connect();
  await prepared.query(`
    ALTER DATABASE ${name} SET DateStyle = 'SQL, DMY';
    ALTER DATABASE ${name} SET TimeZone = 'Asia/Kolkata';
    ALTER DATABASE ${name} SET standard_conforming_strings = off`);
  await prepared.end();
  const store = openStore(odd.url, { max: 4 });
  await migrate(store);
  const before = Date.now();
  await importRows(store, { workspace: 'acme', columns: ['id'], rows: [['1'], ['\u00a0']] });
  const [person] = await findPeople(store, 'acme', '1');
  const [ended] = await listImports(store, { workspace: 'acme', limit: 1 });
  for (const at of [person?.createdAt, ended?.openedAt, ended?.endedAt])
    expect(Math.abs((at?.getTime() ?? 0) - before)).toBeLessThan(60_000);
  expect(ended?.counts).toMatchObject({ rows: 2, added: 1, failed: 1 });
  await store.close();
  await odd.drop();
});

test('while the source thinks, no connection waits with it', async () => {
  const { store } = database;
  const workspace = newWorkspace();
  const { key } = await stageImport(store, { workspace, columns: ['id'], rows: [['1']] });
  const options = { workspace, columns: ['id'] };
  const table = await createStaging(store, key, {
    subject: { kind: 'people', identifyBy: 'id' },
    settings: settingsOf(options),
    columns: columnsOf(options.columns),
  });
  const rows = new PassThrough();
  const meter: RowMeter = { rows: 0, bytes: 0, maxRows: 10, query: 'main' };
  const copied = copyIntoStaging(store, { table, columns: 1, encoding: 'UTF8' }, rows, meter);
  rows.write('2\n');
  await vi.waitFor(() => expect(meter.rows).toBe(1));
  const busy = await store.pool.query(
    `SELECT query FROM pg_stat_activity
     WHERE state <> 'idle' AND datname = current_database() AND pid <> pg_backend_pid()`,
  );
  expect(busy.rows).toEqual([]);
  rows.end('3\n');
  expect(await copied).toBe(2);
});
