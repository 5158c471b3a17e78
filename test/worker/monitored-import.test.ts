import { readFile } from 'node:fs/promises';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createInlet, type Inlet } from '../support/inlet.js';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';
import { samplesOf, type Samples } from '../support/prometheus-text.js';

/** What must never be seen outside of the store: cells, a query's text, a password. */
const CELL = 'x7-secret-cell';
const SQL = 'x7_secret_column';

let inlet: Inlet;
let receiver: OtlpReceiver;
let metrics: Samples;
let metricsText: string;
let lines: Record<string, unknown>[];
let stderr: string;

beforeAll(async () => {
  inlet = await createInlet();
  receiver = await startOtlpReceiver();
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers:
    database: crm
    every: 6h
    identifyBy: id
    query: SELECT id, email, ${SQL} FROM customers
    relationships:
      objectType: company
      identifyBy: id
      query: SELECT id, 'nobody' AS object_id FROM customers WHERE id = 1
  broken:
    database: crm
    every: 6h
    startAt: 2036-01-01T00:00:00Z
    identifyBy: id
    query: SELECT id, (id / (id - 1))::text || ${SQL} AS plan FROM customers
`);
  await inlet.source.query(`
    CREATE TABLE customers (id int PRIMARY KEY, email text, ${SQL} text);
    INSERT INTO customers SELECT n, 'c' || n || '@example.com', '${CELL}' FROM generate_series(1, 40) n;
    UPDATE customers SET email = '${CELL} at example.com' WHERE id > 37`);
  const port = await getPort({ host: '127.0.0.1' });
  Object.assign(inlet.env, {
    INLET_LISTEN: `127.0.0.1:${port}`,
    INLET_LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
    OTEL_BSP_SCHEDULE_DELAY: '200',
  });
  await inlet.startWorker();
  // On a busy machine a worker that has just begun may need longer than a command waits.
  await vi.waitFor(async () => expect((await inlet.inlet('apply')).code).toBe(0), { timeout: 60_000 });
  await inlet.untilStatus('customers', 1, 'Some Rows Failed');
  expect((await inlet.inlet('trigger', 'broken', '--wait')).code).toBe(1);
  metricsText = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  metrics = samplesOf(metricsText);
  ({ stderr } = await inlet.stopWorker());
  lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}, 180_000);
afterAll(async () => {
  await inlet.close();
  await receiver.close();
});

describe('the metrics of a worker', () => {
  it('count rows by outcome, and failed ones by reason', () => {
    const customers = { workspace: inlet.workspace, sync: 'customers' };
    expect(metrics.value('inlet_rows_total', { ...customers, outcome: 'added' })).toBe(37);
    expect(metrics.value('inlet_rows_total', { ...customers, outcome: 'failed' })).toBe(3);
    expect(metrics.value('inlet_relationship_rows_total', { ...customers, outcome: 'failed' })).toBe(1);
    expect(metrics.value('inlet_failures_total', { ...customers, reason: 'invalid_email' })).toBe(3);
    expect(metrics.value('inlet_failures_total', { ...customers, reason: 'no_such_object' })).toBe(1);
    expect(metrics.value('inlet_staged_rows_total', customers)).toBe(41);
    expect(metrics.value('inlet_chunks_total', customers)).toBe(2);
  });

  it('count imports by status, from 0 on, and the seconds of their phases', () => {
    const of = (sync: string) => ({ workspace: inlet.workspace, sync });
    const count = (sync: string, status: string) =>
      metrics.value('inlet_imports_total', { ...of(sync), status });
    expect(count('customers', 'Some Rows Failed')).toBe(1);
    expect(count('customers', 'Completed')).toBe(0);
    expect(count('broken', 'Failed')).toBe(1);
    const phase = (sync: string, name: string) =>
      metrics.value('inlet_import_phase_seconds_count', { ...of(sync), phase: name });
    expect(['wait', 'stage', 'plan', 'apply', 'close'].map((each) => phase('customers', each))).toEqual([
      1, 1, 1, 1, 1,
    ]);
    expect(phase('broken', 'stage')).toBe(1);
    expect(metrics.value('inlet_schedule_lag_seconds_count', of('customers'))).toBe(1);
    expect(metrics.value('inlet_schedule_lag_seconds_count', of('broken'))).toBe(0);
  });

  it('tell of attempts that failed, by type', () => {
    const labels = { activity: 'stageQuery', type: 'QueryRefused' };
    expect(metrics.value('inlet_attempt_failures_total', labels)).toBe(1);
  });

  it("come with those of Temporal's SDK, and all of them are in docs/monitoring.md", async () => {
    const documented = await readFile(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    const named = [...metrics.types.keys()].filter((name) => name.startsWith('inlet_'));
    expect(named.length).toBeGreaterThan(12);
    for (const name of named) expect(documented).toContain(`| \`${name}\``);
    for (const [, name = ''] of documented.matchAll(/\| `(inlet_\w+)`/g)) expect(named).toContain(name);
    expect(metrics.types.get('temporal_workflow_completed_total')).toBe('counter');
  });

  it('say what the process takes of the machine', () => {
    expect(metrics.value('process_resident_memory_bytes')).toBeGreaterThan(50e6);
    expect(metrics.value('process_cpu_seconds_total')).toBeGreaterThan(0.1);
    expect(metrics.value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });
});

describe('the traces of a worker and of a command', () => {
  const named = (name: string) => receiver.spans.filter((span) => span.name === name);
  const first = (name: string): ReceivedSpan => {
    const [span] = named(name);
    if (span === undefined) throw new Error(`There is no span ${name}.`);
    return span;
  };
  const namesAbove = (span: ReceivedSpan): string[] => {
    const above = receiver.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return above === undefined ? [] : [above.name, ...namesAbove(above)];
  };

  it("lead from the copying of rows up to the activity, which names its import's workflow", () => {
    const copied = first('inlet.stage.copy');
    expect(namesAbove(copied)).toEqual(['inlet.stage', 'RunActivity:stageQuery']);
    const activity = named('RunActivity:stageQuery').find(({ traceId }) => traceId === copied.traceId);
    expect(activity?.attributes['temporalWorkflowId']).toBe(`import:${inlet.workspace}/customers/1`);
  });

  it('have what a command asked of Temporal', () => {
    expect(named('UpdateWithStartWorkflow:define').length).toBeGreaterThan(0);
  });

  it('say whose phases they are, and how many rows', () => {
    const copied = named('inlet.stage.copy').find(({ attributes }) => attributes['inlet.query'] === 'main');
    expect(copied?.attributes).toMatchObject({
      'inlet.workspace': inlet.workspace,
      'inlet.sync': 'customers',
      'inlet.import': 1,
      'inlet.rows': 40,
    });
    expect(named('inlet.chunk').some(({ attributes }) => attributes['inlet.failed'] === 3)).toBe(true);
    expect(first('inlet.close').attributes['inlet.status']).toBe('Some Rows Failed');
  });

  it('are of the service inlet, with what OTEL_RESOURCE_ATTRIBUTES adds', () => {
    expect(receiver.resources[0]).toMatchObject({
      'service.name': 'inlet',
      'deployment.environment': 'test',
    });
  });
});

describe('the log of a worker', () => {
  const linesOf = (sync: string) =>
    lines.filter(
      (line) => line['sync'] === sync && line['import'] === 1 && line['workspace'] === inlet.workspace,
    );

  it('has a line when an import opens, when each phase ends, and when it has ended', () => {
    // Without the SDK's lines, such as of an attempt that was made again.
    const told = linesOf('customers').filter((line) => Number(line['level']) >= 30 && !('attempt' in line));
    // Either lane may have found a chunk.
    expect([...new Set(told.map(({ phase, msg }) => `${String(phase)}: ${String(msg)}`))]).toEqual([
      'wait: import opened',
      'stage: rows staged',
      'plan: chunks planned',
      'apply: one lane has applied its chunks',
      'close: import ended',
    ]);
    expect(told.at(-1)).toMatchObject({
      level: 40,
      status: 'Some Rows Failed',
      counts: { added: 37, failed: 3 },
    });
  });

  it("says of the SDK's lines, too, which import and phase they are about", () => {
    const failed = linesOf('broken').filter(
      ({ msg, level }) => msg === 'Activity failed' && Number(level) >= 40,
    );
    expect(failed).toMatchObject([{ phase: 'stage', activityType: 'stageQuery' }]);
  });
});

it('neither metrics nor traces nor the log hold a cell, SQL or a password', () => {
  const password = new URL(inlet.env['INLET_STORE_URL'] ?? '').password;
  expect(password).not.toBe('');
  for (const text of [metricsText, stderr, receiver.bytes().toString('latin1')])
    for (const secret of [CELL, SQL, password]) expect(text).not.toContain(secret);
});
