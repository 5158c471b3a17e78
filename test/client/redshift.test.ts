import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';
import { startRedshiftDataApi, type RedshiftDataApi } from '../support/redshift-data-api.js';
import { redshiftWire, type RedshiftWire } from '../support/redshift-wire.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let inlet: Inlet;
let api: RedshiftDataApi;
let wire: RedshiftWire;
beforeAll(async () => {
  inlet = await createInlet();
  await inlet.source.query(`
    CREATE TABLE customers (id bigint, email text, spend numeric(20, 4), "lastOrder" timestamptz);
    INSERT INTO customers VALUES
      (9007199254740993, 'ada@example.com', 12345678901234.5670, '2026-01-31 06:30:00+01'),
      (2, '', NULL, NULL)`);
  api = await startRedshiftDataApi({ databaseUrl: inlet.env.CRM_DATABASE_URL ?? '' });
  wire = await redshiftWire(inlet.env.CRM_DATABASE_URL ?? '');
  Object.assign(inlet.env, {
    WAREHOUSE_URL: wire.url,
    REDSHIFT_ENDPOINT: api.endpoint,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases:
  warehouse:
    { type: redshift, region: us-east-1, workgroup: analytics, database: dev, endpoint: "\${REDSHIFT_ENDPOINT}" }
  direct: { type: redshift-direct, url: "\${WAREHOUSE_URL}", ssl: disable }
syncs:
  wired: { database: direct, every: 6h, identifyBy: id, query: "SELECT id + 100 AS id, spend FROM customers" }
  customers:
    database: warehouse
    every: 6h
    identifyBy: id
    query: |
      SELECT id, email, spend, "lastOrder" FROM customers
      WHERE {{last_sync_time}} = 0
    relationships: { objectType: company, query: "SELECT id, 'acme' AS object_id FROM customers WHERE id = 2" }
  slow: { database: warehouse, every: 6h, identifyBy: id, query: "SELECT 3 AS id, pg_sleep(6)::text AS slept" }
`);
  await inlet.startWorker();
});
afterAll(async () => {
  await inlet.close();
  await api.close();
  await wire.stop();
});

const executions = () =>
  api
    .statements()
    .flatMap(({ parts }) => parts)
    .filter(({ sql }) => sql.includes('pg_sleep') && !sql.endsWith('LIMIT 0'))
    .map((part) => part.executions);

test('check and preview work as they do with PostgreSQL', async () => {
  const checked = await inlet.inlet('check', 'warehouse');
  expect(checked.stdout).toContain(
    'ok       connects: To database "dev" of workgroup "analytics" in us-east-1',
  );
  const preview = dataOf(await inlet.inlet('preview', 'customers', '--json'));
  expect(preview).toMatchObject({
    columns: [{ name: 'id', type: 'bigint' }, {}, { name: 'spend', type: 'numeric' }, { name: 'lastOrder' }],
    relationships: { columns: [{}, { name: 'object_id' }] },
  });
});

test('an import brings values exactly, and its start time is by the clock of the cluster', async () => {
  const applied = await inlet.inlet('apply', 'customers');
  expect(applied.stdout).toContain('id int8, email varchar, spend numeric, lastOrder timestamptz');
  await inlet.untilStatus('customers', 1, 'Some Rows Failed');
  const shown = await inlet.inlet('show', 'person', '9007199254740993');
  expect(shown.stdout).toMatch(/^\.spend +12345678901234\.5670$/m);
  expect(shown.stdout).toMatch(/^\.lastOrder +2026-01-31T05:30:00\+00:00$/m);
  expect(dataOf(await inlet.inlet('import', 'customers', '1', '--json'))).toMatchObject({
    counts: { rows: 2, added: 2 },
    relationships: { rows: 1, failed: 1 },
    startBound: 'clock',
  });
});

test('a redshift-direct database is read over the wire', async () => {
  const checked = await inlet.inlet('check', 'direct');
  expect(checked.stdout).toMatch(/ok +version: .*Redshift/);
  expect(await inlet.inlet('apply', 'wired')).toMatchObject({ code: 0 });
  await inlet.untilStatus('wired', 1, 'Completed');
  const shown = await inlet.inlet('show', 'person', '9007199254741093');
  expect(shown.stdout).toMatch(/^\.spend +12345678901234\.5670$/m);
});

test('a worker that dies while the query runs does not make it run twice', async () => {
  expect(await inlet.inlet('apply', 'slow')).toMatchObject({ code: 0 });
  await vi.waitUntil(() => executions().length > 0, { timeout: 60_000, interval: 50 });
  await inlet.killWorker();
  await inlet.startWorker();
  await inlet.untilStatus('slow', 1, 'Completed');
  expect(executions()).toEqual([1]);
  const { rows } = await inlet.store.query<{ early: boolean }>(
    `SELECT start_time <= extract(epoch FROM opened_at) + 2 AS early FROM inlet.imports WHERE sync = 'slow' AND number = 1`,
  );
  expect(rows).toEqual([{ early: true }]);
});

test('an import that is canceled cancels its statement', async () => {
  await inlet.write(
    `
workspace: { name: ${inlet.workspace} }
databases:
  warehouse:
    { type: redshift, region: us-east-1, workgroup: analytics, database: dev, endpoint: "\${REDSHIFT_ENDPOINT}" }
syncs:
  endless: { database: warehouse, every: 6h, identifyBy: id, query: "SELECT 3 AS id, pg_sleep(600)::text AS slept" }
`,
    'endless.yaml',
  );
  expect(await inlet.inlet('--config', 'endless.yaml', 'apply')).toMatchObject({ code: 0 });
  const endless = () =>
    api
      .statements()
      .find(({ parts }) =>
        parts.some(({ sql }) => sql.includes('pg_sleep(600)') && !sql.endsWith('LIMIT 0')),
      );
  await vi.waitUntil(() => endless()?.status === 'STARTED', { timeout: 60_000, interval: 50 });
  expect(await inlet.inlet('cancel', 'endless')).toMatchObject({ code: 0 });
  await inlet.untilStatus('endless', 1, 'Canceled');
  await vi.waitUntil(() => endless()?.status === 'ABORTED', { timeout: 30_000, interval: 50 });
});
