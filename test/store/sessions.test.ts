import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { copyIntoStaging, createStaging } from '../../store/staging.js';
import { applying, only, transaction } from '../../store/store.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { columnsOf, definitionOf, settingsOf, stageImport } from '../support/store-import.js';

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

test('while the source thinks, nobody waits for a copy', async () => {
  const { store } = database;
  const workspace = newWorkspace();
  const { key } = await stageImport(store, { workspace, columns: ['id'], rows: [['1']] });
  const options = { workspace, columns: ['id'] };
  const table = await createStaging(store, key, {
    definition: definitionOf(options),
    settings: settingsOf(options),
    columns: columnsOf(options.columns),
  });
  const rows = new PassThrough();
  const copied = copyIntoStaging(
    store,
    { table, columns: 1, encoding: 'UTF8' },
    rows,
    { rows: 0, maxRows: 10 },
    60_000,
  );
  await vi.waitFor(async () => {
    const { rowCount } = await store.pool.query(
      `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%' AND datname = current_database()`,
    );
    expect(rowCount).toBe(1);
  }, 20_000);
  const locked = await store.pool.query('SELECT FROM inlet.workspace WHERE name = $1 FOR UPDATE NOWAIT', [
    workspace,
  ]);
  expect(locked.rowCount).toBe(1);
  rows.end('2\n3\n');
  expect(await copied).toBe(2);
});
