import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../activities/create-activities.js';
import type { Activities } from '../../activities/activities.js';
import { closeAbandoned, runningImports } from '../../store/abandoned.js';
import { readSyncHealth } from '../../store/held-back.js';
import { findImport } from '../../store/import-log.js';
import { createImportMetrics } from '../../worker/metrics/import-metrics.js';
import type { ImportInput } from '../../workflows/messages.js';
import { samplesOf } from '../support/prometheus-text.js';
import { serveWorkspace, type ServedWorkspace } from '../support/served-workspace.js';

const workspace = 'counted';
const sync = 'customers';
const registry = new Registry();
const metrics = createImportMetrics(registry);

let served: ServedWorkspace;
let activities: Activities;
let number = 0;

beforeAll(async () => {
  served = await serveWorkspace(
    workspace,
    `  ${sync}:
    database: crm
    every: 1h
    identifyBy: id
    query: SELECT n AS id, CASE WHEN n = 1 THEN 'broken' END AS email FROM generate_series(1, 3) n
`,
  );
  const { file, store, client, taskQueue } = served;
  activities = createActivities({ file, store, client, taskQueue, events: metrics });
  metrics.know({ workspace, sync, hasRelationships: false });
});
afterAll(() => served.close());

const run = <T>(call: () => Promise<T>): Promise<T> => served.run(call);

function nextInput(): ImportInput & { grantedAt: number } {
  const definition = served.file.syncs.get(sync);
  if (definition === undefined) throw new Error('the file has no such sync');
  number += 1;
  const [dueAt, grantedAt] = [Date.now() - 5_000, Date.now()];
  const how = { whenBusy: 'wait', cause: 'schedule', full: false } as const;
  return { definition, number, lastSyncTime: 0, dueAt, grantedAt, ...how };
}

async function value(name: string, labels: Record<string, string> = {}): Promise<number> {
  return samplesOf(await registry.metrics()).value(name, { workspace, sync, ...labels });
}

it('what is repeated is counted once: opening, staging, chunks and closing', async () => {
  const input = nextInput();
  const { key } = await run(() => activities.openImport(input));
  await run(() => activities.openImport(input));
  const steps = [
    () => activities.stageQuery(key),
    () => activities.planChunks(key),
    () => activities.applyChunks(key),
  ];
  for (const step of steps) {
    await run<unknown>(step);
    await run<unknown>(step);
  }
  const ending = { kind: 'applied' } as const;
  const first = await run(() => activities.closeImport({ key, ending }));
  expect(await run(() => activities.closeImport({ key, ending }))).toEqual(first);

  expect(await value('inlet_schedule_lag_seconds_count')).toBe(1);
  expect(await value('inlet_staged_rows_total')).toBe(3);
  expect(await value('inlet_chunks_total')).toBe(1);
  expect(await value('inlet_rows_total', { outcome: 'added' })).toBe(2);
  expect(await value('inlet_failures_total', { reason: 'invalid_email' })).toBe(1);
  expect(await value('inlet_imports_total', { status: 'Some Rows Failed' })).toBe(1);
  expect(await value('inlet_import_phase_seconds_count', { phase: 'apply' })).toBe(1);
});

it('an import that was never opened is counted when it is logged, once', async () => {
  const entry = { input: nextInput(), status: 'Skipped', reason: 'as tested', intervals: 1 } as const;
  await run(() => activities.logUnopened(entry));
  await run(() => activities.logUnopened(entry));
  expect(await value('inlet_imports_total', { status: 'Skipped' })).toBe(1);
});

it('who closes an abandoned import knows that it is news, and only the first does', async () => {
  await run(() => activities.openImport(nextInput()));
  const [running] = await runningImports(served.store, workspace);
  if (running === undefined) throw new Error('no import runs');
  expect(await closeAbandoned(served.store, running)).toMatchObject({ isNews: true, status: 'Failed' });
  expect(await closeAbandoned(served.store, running)).toMatchObject({ isNews: false, status: 'Failed' });
});

it('last_sync_time is held back since the first import that failed, until one is Completed', async () => {
  const first = await findImport(served.store, { workspace, sync, number: 1 });
  const [held] = await readSyncHealth(served.store, workspace);
  expect(held).toMatchObject({ sync, completedAt: null, lastSyncTime: 0, hasRelationships: false });
  expect(held?.heldBackSince?.getTime()).toBe(first?.openedAt?.getTime());

  const input = nextInput();
  const definition = { ...input.definition, query: 'SELECT 1 AS id' };
  const { key } = await run(() => activities.openImport({ ...input, definition }));
  await run(() => activities.stageQuery(key));
  await run(() => activities.planChunks(key));
  await run(() => activities.applyChunks(key));
  const { status } = await run(() => activities.closeImport({ key, ending: { kind: 'applied' } }));
  expect(status).toBe('Completed');
  const [free] = await readSyncHealth(served.store, workspace);
  expect(free?.heldBackSince).toBeNull();
  expect(free?.completedAt).toBeInstanceOf(Date);
  expect(free?.lastSyncTime).toBeGreaterThan(0);
});
