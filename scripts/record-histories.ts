import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection } from '@temporalio/worker';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { failure } from '../activities/failures.js';
import { alertId, importId, mutexId, type AlertInput } from '../workflows/messages.js';
import { cancelImport, deleteSync, pause, releaseWorkspace, resume } from '../workflows/messages.js';
import { recordedConverter } from '../test/support/encrypted.js';
import { startShortHistoryServer } from '../test/support/short-history-server.js';
import { eventually, startWorld } from '../test/support/workflow-world.js';
import type { Workspace } from '../test/support/workflow-world.js';
import { keepSearchAttributes } from '../worker/search-attributes.js';
import { workflowBundle } from '../worker/workflow-bundle.js';

/*
 * Records histories of the four workflows, which the tests replay against the code as it is: a change that would break
 * syncs that run is caught. Run it with `npm run histories` when a workflow is meant to change before a first release;
 * later, add to these histories and keep the old ones.
 */
const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));
const DIRECTORY = fileURLToPath(new URL('../test/histories/', import.meta.url));
const NEVER = { startAt: '2100-01-01T00:00:00Z' };
/** Temporal's own limit is thousands of events; few are enough to have a history that ends in continue-as-new. */
const EVENTS = 120;

const server = await startShortHistoryServer(EVENTS);
const { address } = server;
const world = await startWorld({ address, bundle: await workflowBundle() });
const encrypted = await startWorld({
  address,
  bundle: await workflowBundle('encoded'),
  dataConverter: recordedConverter,
});
try {
  await rm(DIRECTORY, { recursive: true, force: true });
  await mkdir(`${DIRECTORY}encrypted`, { recursive: true });
  await recordImports();
  await registerSearchAttributes();
  await recordSync();
  await recordCanceledSync();
  await recordMutex();
  await recordAlert();
  await recordEncrypted();
} finally {
  await Promise.all([world.close(), encrypted.close()]);
  await server.teardown();
}

async function recordImports(): Promise<void> {
  const acme = await world.workspace('imports');
  const completed = await acme.startImport('completed');
  await completed.result();
  await save('import-completed', completed);

  const relationships = { objectType: 'company', identifyBy: 'id', query: 'SELECT 2' } as const;
  const related = await acme.startImport('related', {
    definition: acme.definition('related', { relationships }),
  });
  await related.result();
  await save('import-related', related);

  acme.script.fail('applyChunks', 'failed/1#1', failure('StoreRefused', 'the disk is full'));
  const failed = await acme.startImport('failed');
  await failed.result();
  await save('import-failed', failed);

  const lanes = [1, 2].map((lane) => acme.script.hold('applyChunks', `canceled/1#${lane}`));
  const canceled = await acme.startImport('canceled');
  await Promise.all(lanes.map(({ reached }) => reached));
  const skipped = await acme.startImport('skipped', { whenBusy: 'skip' });
  await skipped.result();
  await save('import-skipped', skipped);
  const withdrawn = await acme.startImport('withdrawn');
  await queued(acme, 'withdrawn');
  await withdrawn.signal('withdraw', { reason: 'paused' });
  await withdrawn.result();
  await save('import-withdrawn', withdrawn);
  await canceled.cancel();
  await canceled.result();
  await save('import-canceled', canceled);
}

async function recordSync(): Promise<void> {
  const acme = await world.workspace('sync');
  const sync = acme.sync('customers');
  const first = acme.script.hold('stageQuery', 'customers/1');
  await acme.define('customers', { everyMs: 2000 });
  await acme.ended('customers', 2); // A point of the grid that the first import overran.
  await acme.trigger('customers', true);
  first.release();
  await acme.ended('customers', 3);
  const canceled = acme.script.hold('stageQuery', 'customers/4');
  await canceled.reached;
  await sync.executeUpdate(cancelImport);
  await acme.ended('customers', 4);
  await sync.signal(pause, { reason: 'maintenance' });
  await acme.define('customers', { ...NEVER, anchor: 'end' });
  await acme.define('customers', { query: acme.script.refusedQuery }).catch(() => undefined);
  await sync.signal(resume);
  const next = acme.script.hold('stageQuery', 'customers/5');
  await acme.trigger('customers');
  await next.reached;
  await acme.import('customers', 5).terminate();
  await acme.ended('customers', 5);
  for (let number = 6; number <= 10; number += 1) {
    await acme.trigger('customers');
    await acme.ended('customers', number);
  }
  await save('sync-import-completed', acme.import('customers', 3));
  await save('sync-import-canceled', acme.import('customers', 4));
  await save('sync-import-terminated', acme.import('customers', 5));
  await sync.executeUpdate(deleteSync);
  await sync.result();
  const runs = world.client.workflow.list({ query: `WorkflowId = '${sync.workflowId}'` });
  const started = [];
  for await (const { runId, startTime } of runs) started.push({ runId, startTime });
  started.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  for (const [index, { runId }] of started.entries()) {
    await save(`sync-run-${index + 1}`, world.client.workflow.getHandle(sync.workflowId, runId));
  }
}

/** In Temporal, while its import runs and another one is triggered. */
async function recordCanceledSync(): Promise<void> {
  const acme = await world.workspace('canceled-sync');
  const sync = acme.sync('customers');
  const running = acme.script.hold('stageQuery', 'customers/1');
  await acme.define('customers', NEVER);
  await acme.trigger('customers');
  await running.reached;
  await acme.trigger('customers');
  await sync.cancel();
  await sync.result().catch(() => undefined);
  await save('sync-canceled', sync);
}

/** Syncs are recorded with them, imports without a sync without. */
async function registerSearchAttributes(): Promise<void> {
  const connection = await NativeConnection.connect({ address: server.address });
  const logger = pino({ level: 'warn' });
  const stop = await keepSearchAttributes({ connection, namespace: 'default', logger });
  stop();
  await connection.close();
}

async function recordMutex(): Promise<void> {
  const acme = await world.workspace('mutex');
  const mutex = acme.mutex();
  const first = acme.script.hold('stageQuery', 'a/1');
  const holder = await acme.startImport('a');
  await first.reached;
  const gone = await acme.startImport('b');
  await queued(acme, 'b');
  const waiting = await acme.startImport('c');
  await queued(acme, 'c');
  await (await acme.startImport('d', { whenBusy: 'skip' })).result();
  await acme.request({ importId: holder.workflowId, whenBusy: 'wait' });
  await gone.terminate();
  await mutex.signal(releaseWorkspace, { importId: holder.workflowId });
  first.release();
  await waiting.result();
  const runId = (await mutex.describe()).runId;
  const nobody = importId(acme.name, 'nobody', 1);
  for (let signals = 0; signals < EVENTS; signals += 1)
    await mutex.signal(releaseWorkspace, { importId: nobody });
  await eventually(
    async () => (await mutex.describe()).runId,
    (now) => now !== runId,
  );
  await save('workspace-mutex', world.client.workflow.getHandle(mutexId(acme.name), runId));
}

async function recordAlert(): Promise<void> {
  const acme = await world.workspace('alert');
  const input: AlertInput = { workspace: acme.name, sync: 'customers', number: 1 };
  const alert = await world.client.workflow.start('AlertWorkflow', {
    workflowId: alertId(acme.name, input.sync, input.number),
    taskQueue: world.taskQueue,
    args: [input],
  });
  await alert.result();
  await save('alert', alert);
}

/** Of what is encrypted the workflows read definitions, results, reasons and failures. */
async function recordEncrypted(): Promise<void> {
  const acme = await encrypted.workspace('encrypted');
  const sync = acme.sync('customers');
  await acme.define('customers', NEVER);
  await acme.trigger('customers');
  await acme.ended('customers', 1);
  acme.script.fail('applyChunks', 'customers/2#1', failure('StoreRefused', 'the disk is full'));
  await acme.trigger('customers');
  await acme.ended('customers', 2);
  await acme.define('customers', { query: acme.script.refusedQuery }).catch(() => undefined);
  await sync.signal(pause, { reason: 'maintenance' });
  await save('encrypted/import-failed', acme.import('customers', 2));
  await sync.executeUpdate(deleteSync);
  await sync.result();
  await save('encrypted/sync', sync);
}

async function queued(workspace: Workspace, sync: string): Promise<void> {
  const id = importId(workspace.name, sync, 1);
  await eventually(
    () => workspace.mutexState(),
    ({ queue }) => queue.some(({ importId }) => importId === id),
  );
}

async function save(name: string, workflow: WorkflowHandle): Promise<void> {
  const history: unknown = JSON.parse(historyToJSON(await workflow.fetchHistory()));
  // Stack traces name the checkout in which they were recorded, which is nobody's business.
  const text = JSON.stringify(history).replaceAll(CHECKOUT, '/inlet/');
  await writeFile(`${DIRECTORY}${name}.json`, `${text}\n`);
}
