import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { cancelImport, deleteSync, importId, pause, resume } from '../../workflows/messages.js';
import { eventually, startWorld } from '../support/workflow-world.js';
import type { Workspace, World } from '../support/workflow-world.js';

/** So far away that only what the test does brings it about. */
const never = { startAt: '2100-01-01T00:00:00Z' };

let world: World;
beforeAll(async () => {
  world = await startWorld({ address: inject('temporalAddress'), bundle: inject('workflowBundlePath') });
});
afterEach(() => world.endAll());
afterAll(() => world.close());

describe('a sync', () => {
  it('imports at once, and again after every interval, with numbers of its own', async () => {
    const acme = await world.workspace();
    expect(await acme.define('customers', { everyMs: 4000 })).toEqual({
      created: true,
      warnings: [],
      columns: [{ name: 'id', sourceType: 'integer' }],
    });
    await acme.ended('customers', 3);
    const entries = acme.script.entries('customers');
    expect(entries[0]).toMatchObject({ number: 1, status: 'Completed', input: { whenBusy: 'wait' } });
    expect(entries.map(({ number }) => number).sort()).toEqual(entries.map((_, index) => index + 1));
    const grid = entries[1]?.input.dueAt ?? 0;
    expect(entries.slice(1).map(({ input }) => (input.dueAt - grid) % 4000)).toEqual(
      entries.slice(1).map(() => 0),
    );
    expect((await acme.import('customers', 1).describe()).status.name).toBe('COMPLETED');
  });

  it('counts from the end of the prior import where its anchor is the end', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', { everyMs: 3000, anchor: 'end' });
    await staging.reached;
    const heldUntil = Date.now() + 2000;
    await eventually(Date.now, (now) => now > heldUntil);
    staging.release();
    const first = await acme.ended('customers', 1);
    await acme.ended('customers', 2);
    const second = acme.script.entries('customers').find(({ number }) => number === 2);
    expect(second).toMatchObject({ status: 'Completed' });
    expect((second?.input.dueAt ?? 0) - first.endedAt).toBe(3000);
  });

  it('logs a point of the grid that passes while its own import runs, at that time, and names the import', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', { everyMs: 2000 });
    const skipped = await acme.ended('customers', 2);
    expect(skipped).toMatchObject({ status: 'Skipped', reason: 'import 1 of customers was still running' });
    expect(await acme.status('customers')).toMatchObject({ activity: 'importing', currentImport: 1 });
    staging.release();
    await acme.ended('customers', 1);
    const { nextRunAt } = await acme.status('customers');
    const [entry] = acme.script.entries('customers');
    expect(((nextRunAt ?? 0) - (entry?.input.dueAt ?? 0)) % 2000).toBe(0);
  });

  it('moves last_sync_time when an import says so, and hands it to the next', async () => {
    const acme = await world.workspace();
    acme.script.startTime = 1_700_000_000;
    await acme.define('customers', never);
    await triggered(acme, 1);
    expect((await acme.status('customers')).lastSyncTime).toBe(1_700_000_000);
    await triggered(acme, 2);
    expect(acme.script.entries('customers')[1]).toMatchObject({ input: { lastSyncTime: 1_700_000_000 } });
  });

  it('goes on after an import that was terminated, which it shows as Failed', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', never);
    await acme.trigger('customers');
    await staging.reached;
    await acme.import('customers', 1).terminate();
    expect(await acme.ended('customers', 1)).toMatchObject({
      status: 'Failed',
      reason: 'the import was terminated in Temporal',
    });
    expect(acme.script.entries('customers')).toMatchObject([{ number: 1, status: 'Failed' }]);
    await triggered(acme, 2);
  });

  it('waits for an import of its number that runs already, and takes its end from the log', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    const earlier = await acme.startImport('customers');
    await staging.reached;
    await acme.define('customers', never);
    await acme.trigger('customers');
    await eventually(
      () => acme.status('customers'),
      ({ currentImport }) => currentImport === 1,
    );
    staging.release();
    expect(await earlier.result()).toMatchObject({ status: 'Completed' });
    expect(await acme.ended('customers', 1)).toMatchObject({ status: 'Completed' });
    await triggered(acme, 2);
  });

  it('that is terminated cancels its running import', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers');
    await staging.reached;
    await acme.sync('customers').terminate();
    expect(await acme.import('customers', 1).result()).toMatchObject({ status: 'Canceled' });
  });

  it('that is canceled in Temporal cancels its running import', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers');
    await staging.reached;
    await acme.sync('customers').cancel();
    await expect(acme.sync('customers').result()).rejects.toThrow('Workflow execution cancelled');
    expect(await acme.import('customers', 1).result()).toMatchObject({ status: 'Canceled' });
  });

  it('that is canceled in Temporal says in the log that the import triggered meanwhile never ran', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers');
    await staging.reached;
    expect(await acme.trigger('customers')).toEqual({ number: 2, alreadyQueued: false });
    await acme.sync('customers').cancel();
    await expect(acme.sync('customers').result()).rejects.toThrow('Workflow execution cancelled');
    expect(acme.script.entries('customers').find(({ number }) => number === 2)).toMatchObject({
      status: 'Canceled',
      reason: 'its sync was canceled',
    });
  });

  it('keeps its history short: it begins a new run long before Temporal suggests that', async () => {
    const acme = await world.workspace();
    await acme.define('customers', { startAt: '2100-01-01T00:00:00Z' });
    const { runId } = await acme.sync('customers').describe();
    const signals = () => Array.from({ length: 50 }, () => acme.sync('customers').signal(resume));
    for (let sent = 0; sent < 600; sent += 50) await Promise.all(signals());
    await eventually(
      async () => (await acme.sync('customers').describe()).runId,
      (now) => now !== runId,
    );
  });

  it.each([
    ['end', 3_600_000],
    ['end', -3_600_000],
    ['start', 3_600_000],
  ] as const)(
    "with anchor %s counts on Temporal's clock where the log's is %i ms ahead",
    async (anchor, ahead) => {
      const acme = await world.workspace();
      acme.script.logAheadMs = ahead;
      await acme.define('customers', { anchor });
      const { endedAt } = await acme.ended('customers', 1);
      expect(Math.abs(endedAt - Date.now())).toBeLessThan(60_000);
      const { nextRunAt = 0, recent } = await acme.status('customers');
      expect(Math.abs(nextRunAt - Date.now() - 3_600_000)).toBeLessThan(60_000);
      expect(recent.map(({ status }) => status)).toEqual(['Completed']);
    },
  );

  it('started anew takes the next number', async () => {
    const acme = await world.workspace();
    await acme.define('customers');
    await acme.ended('customers', 1);
    await acme.sync('customers').terminate();
    await acme.define('customers');
    await acme.ended('customers', 2);
  });

  it('shows in the Temporal UI its schedule, last_sync_time, next run and last imports, the table last', async () => {
    const acme = await world.workspace();
    acme.script.startTime = 1_700_000_000;
    await acme.define('customers', { name: 'CRM customers', description: 'Everybody | in the CRM' });
    await acme.ended('customers', 1);
    const lines = (await acme.details(acme.sync('customers'))).split('\n');
    expect(lines[0]).toBe('**CRM customers**: Everybody \\| in the CRM');
    expect(lines).toContain('- every 1h, from the start of the prior import');
    expect(lines).toContain('- last_sync_time: 1700000000 (2023-11-14 22:13:20 UTC)');
    expect(lines).toContainEqual(expect.stringMatching(/^- next run: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/));
    expect(lines.at(-1)).toMatch(/^\| 1 \| Completed \| .* \|$/);
    expect(await acme.summaries(acme.sync('customers'))).toContain('next run');
  });
});

describe('define', () => {
  it('that is refused ends a sync that was never defined', async () => {
    const acme = await world.workspace();
    const refused = acme.define('customers', { query: acme.script.refusedQuery });
    expect(await failureOf(refused)).toMatchObject({
      type: 'DefinitionRefused',
      message: 'the query is not allowed',
    });
    await acme.sync('customers').result();
    expect(acme.script.log).toEqual([]);
  });

  it('that is refused changes nothing of a sync that is defined', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    const before = await acme.status('customers');
    const refused = acme.define('customers', { query: acme.script.refusedQuery, everyMs: 1500 });
    expect(await failureOf(refused)).toMatchObject({ type: 'DefinitionRefused' });
    expect(await acme.status('customers')).toEqual(before);
  });

  it('says within seconds that no worker serves the workspace', async () => {
    const nobody = world.unserved();
    const began = Date.now();
    expect(await failureOf(nobody.define('customers'))).toMatchObject({
      type: 'NotServed',
      message: expect.stringContaining(`no worker serves workspace ${nobody.name}`) as string,
    });
    expect(Date.now() - began).toBeLessThan(10_000);
    await nobody.sync('customers').result();
  });

  it('is in force from the next import, not for one that runs', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', { ...never, query: 'SELECT 1' });
    await acme.trigger('customers');
    await staging.reached;
    await acme.define('customers', { ...never, query: 'SELECT 2' });
    staging.release();
    await acme.ended('customers', 1);
    await triggered(acme, 2);
    const queries = acme.script.entries('customers').map(({ input }) => input.definition.query);
    expect(queries).toEqual(['SELECT 1', 'SELECT 2']);
  });

  it('of a shorter interval moves the next run', async () => {
    const acme = await world.workspace();
    await acme.define('customers');
    await acme.ended('customers', 1);
    await acme.define('customers', { everyMs: 1500 });
    await acme.ended('customers', 2);
  });

  it('of another database: what an import of the former one moved does not count', async () => {
    const acme = await world.workspace();
    acme.script.startTime = 1_700_000_000;
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', never);
    await acme.trigger('customers');
    await staging.reached;
    await acme.define('customers', { ...never, database: 'warehouse' });
    staging.release();
    await acme.ended('customers', 1);
    expect((await acme.status('customers')).lastSyncTime).toBe(0);
  });

  it('twice at once is done one after the other', async () => {
    const acme = await world.workspace();
    const checking = acme.script.hold('defineSync', 'customers');
    const first = acme.define('customers', { ...never, query: 'SELECT 1' });
    await checking.reached;
    const second = acme.define('customers', { ...never, query: 'SELECT 2' });
    const { events } = await eventually(
      () => acme.sync('customers').fetchHistory(),
      (history) =>
        history.events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length === 2,
    );
    expect(events?.filter((event) => event.activityTaskScheduledEventAttributes)).toHaveLength(1);
    checking.release();
    await Promise.all([first, second]);
    expect(acme.script.definitions.map(({ query }) => query)).toEqual(['SELECT 1', 'SELECT 2']);
    expect((await acme.status('customers')).definition.query).toBe('SELECT 2');
  });

  it('of another sync is refused', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    const { message } = await failureOf(acme.define('customers', { ...never, sync: 'orders' }));
    expect(message).toContain('the definition is of orders');
  });
});

describe('pause', () => {
  it('lets a running import finish, and none begin', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', { everyMs: 1500, anchor: 'end' });
    await staging.reached;
    await acme.sync('customers').signal(pause, { reason: 'maintenance' });
    staging.release();
    expect(await acme.ended('customers', 1)).toMatchObject({ status: 'Completed' });
    const status = await acme.status('customers');
    expect(status).toMatchObject({ activity: 'paused', paused: { reason: 'maintenance' } });
    expect(status.nextRunAt).toBeUndefined();
    expect(await acme.details(acme.sync('customers'))).toContain('maintenance');
  });

  it('withdraws a queued import, and resume picks up at the next interval', async () => {
    const acme = await world.workspace();
    const other = await holding(acme);
    await acme.define('customers', { everyMs: 3000 });
    await queued(acme, 1);
    await acme.sync('customers').signal(pause, { reason: 'maintenance' });
    const first = await acme.ended('customers', 1);
    expect(first).toMatchObject({ status: 'Canceled', reason: 'paused: maintenance' });
    expect((await acme.mutexState()).queue).toEqual([]);
    other.release();
    await acme.sync('customers').signal(resume);
    await acme.ended('customers', 2);
    const due = acme.script.entries('customers').map(({ input }) => input.dueAt);
    expect(((due[1] ?? 0) - (due[0] ?? 0)) % 3000).toBe(0);
    expect(await acme.status('customers')).not.toHaveProperty('paused');
  });

  it('withdraws a triggered import that waits behind the own one', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', never);
    await acme.trigger('customers');
    await staging.reached;
    await acme.trigger('customers');
    await acme.sync('customers').signal(pause, { reason: '' });
    expect(await acme.ended('customers', 2)).toMatchObject({ status: 'Canceled', reason: 'paused' });
    staging.release();
    expect(await acme.ended('customers', 1)).toMatchObject({ status: 'Completed' });
  });
});

describe('trigger', () => {
  it('imports now, paused or not', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await acme.sync('customers').signal(pause, { reason: '' });
    await triggered(acme, 1);
    expect(await acme.status('customers')).toMatchObject({ activity: 'paused' });
  });

  it('while the own import runs gives the number of the next, which two triggers share', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', never);
    await acme.trigger('customers');
    await staging.reached;
    expect(await acme.trigger('customers')).toEqual({ number: 2, alreadyQueued: false });
    expect(await acme.trigger('customers', true)).toEqual({ number: 2, alreadyQueued: true });
    expect(await acme.trigger('customers')).toEqual({ number: 2, alreadyQueued: true });
    staging.release();
    expect(await acme.ended('customers', 2)).toMatchObject({ status: 'Completed', full: true });
    expect(acme.script.entries('customers').map(({ number }) => number)).toEqual([1, 2]);
  });

  it('waits its turn though the sync would skip', async () => {
    const acme = await world.workspace();
    const other = await holding(acme);
    await acme.define('customers', { ...never, whenBusy: 'skip' });
    await acme.trigger('customers');
    await queued(acme, 1);
    other.release();
    expect(await acme.ended('customers', 1)).toMatchObject({ status: 'Completed' });
  });

  it('in full makes a full one of an import that is queued already', async () => {
    const acme = await world.workspace();
    const other = await holding(acme);
    acme.script.startTime = 1_700_000_000;
    await acme.define('customers', never);
    expect(await acme.trigger('customers')).toEqual({ number: 1, alreadyQueued: false });
    await queued(acme, 1);
    expect(await acme.trigger('customers', true)).toEqual({ number: 1, alreadyQueued: true });
    await eventually(
      () => acme.import('customers', 1).fetchHistory(),
      ({ events }) =>
        events?.some((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'runInFull') ??
        false,
    );
    other.release();
    expect(await acme.ended('customers', 1)).toMatchObject({ full: true });
    expect(acme.script.entries('customers')).toMatchObject([{ input: { lastSyncTime: 0, full: true } }]);
  });
});

describe('cancel', () => {
  it('stops the running import, and the sync goes on', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers', { everyMs: 3000, anchor: 'end' });
    await staging.reached;
    expect(await acme.sync('customers').executeUpdate(cancelImport)).toBe(1);
    expect(await acme.ended('customers', 1)).toMatchObject({ status: 'Canceled' });
    expect(await acme.ended('customers', 2)).toMatchObject({ status: 'Completed' });
  });

  it('takes a queued import out of the queue', async () => {
    const acme = await world.workspace();
    const other = await holding(acme);
    await acme.define('customers');
    await queued(acme, 1);
    expect(await acme.sync('customers').executeUpdate(cancelImport)).toBe(1);
    expect(await acme.ended('customers', 1)).toMatchObject({ status: 'Canceled' });
    other.release();
  });

  it('says that there is nothing to cancel', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    expect(await acme.sync('customers').executeUpdate(cancelImport)).toBeNull();
  });
});

describe('delete', () => {
  it('cancels the running import, forgets the sync and ends its workflow', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.define('customers');
    await staging.reached;
    await acme.sync('customers').executeUpdate(deleteSync);
    await acme.sync('customers').result();
    expect(acme.script.entries('customers')).toMatchObject([{ status: 'Canceled' }]);
    expect(acme.script.forgotten).toEqual(['customers']);
  });

  it('leaves the numbers: defined again, they go on', async () => {
    const acme = await world.workspace();
    await acme.define('customers');
    await acme.ended('customers', 1);
    await acme.sync('customers').executeUpdate(deleteSync);
    await acme.sync('customers').result();
    await acme.define('customers');
    await acme.ended('customers', 2);
  });
});

/** Another import that has the workspace, until it is released. */
async function holding(workspace: Workspace) {
  const hold = workspace.script.hold('stageQuery', 'holder/1');
  await workspace.startImport('holder');
  await hold.reached;
  return hold;
}

async function queued(workspace: Workspace, number: number): Promise<void> {
  const id = importId(workspace.name, 'customers', number);
  await eventually(
    () => workspace.mutexState(),
    ({ queue }) => queue.some(({ importId }) => importId === id),
  );
}

async function triggered(workspace: Workspace, number: number): Promise<void> {
  expect(await workspace.trigger('customers')).toEqual({ number, alreadyQueued: false });
  expect(await workspace.ended('customers', number)).toMatchObject({ status: 'Completed' });
}

async function failureOf(refused: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await refused.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)
    return error.cause;
  throw new Error('it was not refused', { cause: error });
}
