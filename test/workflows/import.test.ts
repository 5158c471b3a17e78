import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { failure } from '../../activities/failures.js';
import { runInFull, withdraw } from '../../workflows/messages.js';
import { eventually, startWorld } from '../support/workflow-world.js';
import type { Workspace, World } from '../support/workflow-world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ address: inject('temporalAddress'), bundle: inject('workflowBundlePath') });
});
afterEach(() => world.endAll());
afterAll(() => world.close());

describe('an import', () => {
  it('opens, stages, plans, applies in lanes and closes', async () => {
    const acme = await world.workspace();
    const run = await acme.startImport('customers');
    expect(await run.result()).toMatchObject({ number: 1, status: 'Completed' });
    expect(acme.script.steps).toEqual([
      'openImport customers/1',
      'stageQuery customers/1',
      'planChunks customers/1',
      'applyChunks customers/1#1',
      'applyChunks customers/1#2',
      'closeImport customers/1',
    ]);
  });

  it('without a row applies nothing and is Completed', async () => {
    const acme = await world.workspace();
    acme.script.lanes = 0;
    const run = await acme.startImport('customers');
    expect(await run.result()).toMatchObject({ status: 'Completed' });
    expect(acme.script.steps.filter((step) => step.startsWith('applyChunks'))).toEqual([]);
  });

  it('has a history below 60 events, with every step and lane ending apart', async () => {
    const acme = await world.workspace();
    const lanes = [1, 2].map((lane) => acme.script.hold('applyChunks', `customers/1#${lane}`));
    await acme.define('customers');
    for (const [done, lane] of lanes.entries()) {
      await lane.reached;
      lane.release();
      await eventually(
        () => settledLanes(acme),
        (settled) => settled > done,
      );
    }
    await acme.ended('customers', 1);
    const { events } = await acme.import('customers', 1).fetchHistory();
    expect(events?.length).toBeLessThan(60);
  });

  it.each(['stageQuery', 'planChunks', 'applyChunks'] as const)(
    'whose %s fails for good is Failed with its sentence, and is closed in the log',
    async (step) => {
      const acme = await world.workspace();
      const of = step === 'applyChunks' ? 'customers/1#1' : 'customers/1';
      acme.script.fail(step, of, failure('QueryRefused', 'there is no table "customer"'));
      const run = await acme.startImport('customers');
      expect(await run.result()).toMatchObject({ status: 'Failed', reason: 'there is no table "customer"' });
      expect(acme.script.entries('customers')).toMatchObject([
        { status: 'Failed', reason: 'there is no table "customer"' },
      ]);
    },
  );

  it('tries again what may pass', async () => {
    const acme = await world.workspace();
    acme.script.fail('stageQuery', 'customers/1', failure('SourceUnavailable', 'the source does not answer'));
    const run = await acme.startImport('customers');
    await eventually(
      () => acme.script.steps.filter((step) => step === 'stageQuery customers/1'),
      (attempts) => attempts.length >= 2,
    );
    acme.script.mend('stageQuery', 'customers/1');
    expect(await run.result()).toMatchObject({ status: 'Completed' });
  });

  it('whose lane fails has stopped the other lanes before it is closed', async () => {
    const acme = await world.workspace();
    const other = acme.script.hold('applyChunks', 'customers/1#2');
    const broken = acme.script.hold('applyChunks', 'customers/1#1');
    const run = await acme.startImport('customers');
    await Promise.all([other.reached, broken.reached]);
    broken.fail(failure('StoreRefused', 'the disk is full'));
    expect(await run.result()).toMatchObject({ status: 'Failed', reason: 'the disk is full' });
    expect(acme.script.steps.slice(-3)).toEqual([
      'stopped applyChunks customers/1#1',
      'stopped applyChunks customers/1#2',
      'closeImport customers/1',
    ]);
  });

  it('that can not be opened is in the log as Failed', async () => {
    const acme = await world.workspace();
    acme.script.fail('openImport', 'customers/1', failure('StoreRefused', 'the disk is full'));
    const run = await acme.startImport('customers');
    expect(await run.result()).toMatchObject({ status: 'Failed', reason: 'the disk is full' });
    expect(acme.script.entries('customers')).toMatchObject([{ status: 'Failed' }]);
  });

  it('that would not wait is Skipped where the store knows of an import that the mutex has forgotten', async () => {
    const acme = await world.workspace();
    acme.script.fail('openImport', 'customers/1', failure('WorkspaceTaken', 'orders has the workspace'));
    const run = await acme.startImport('customers', { whenBusy: 'skip' });
    expect(await run.result()).toMatchObject({ status: 'Skipped', reason: 'orders has the workspace' });
  });

  it('is Failed, and its workflow does not fail, where even closing it is refused', async () => {
    const acme = await world.workspace();
    acme.script.fail('closeImport', 'customers/1', failure('FencedOff', 'another import is active'));
    const run = await acme.startImport('customers');
    expect(await run.result()).toMatchObject({ status: 'Failed', reason: 'another import is active' });
  });
});

describe('an import that is canceled', () => {
  it('while it copies stops there, and is closed as Canceled', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    const run = await acme.startImport('customers');
    await staging.reached;
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'Canceled', reason: 'canceled' });
    expect(acme.script.steps.slice(-2)).toEqual([
      'stopped stageQuery customers/1',
      'closeImport customers/1',
    ]);
  });

  it('while it applies stops all lanes before it is closed', async () => {
    const acme = await world.workspace();
    const lanes = [1, 2].map((lane) => acme.script.hold('applyChunks', `customers/1#${lane}`));
    const run = await acme.startImport('customers');
    await Promise.all(lanes.map(({ reached }) => reached));
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'Canceled' });
    expect(acme.script.steps.slice(-3).sort()).toEqual([
      'closeImport customers/1',
      'stopped applyChunks customers/1#1',
      'stopped applyChunks customers/1#2',
    ]);
    expect(acme.script.steps.at(-1)).toBe('closeImport customers/1');
  });

  it('while it is being closed is what it was', async () => {
    const acme = await world.workspace();
    const closing = acme.script.hold('closeImport', 'customers/1');
    const run = await acme.startImport('customers');
    await closing.reached;
    await run.cancel();
    closing.release();
    expect(await run.result()).toMatchObject({ status: 'Completed' });
  });

  it('while it waits leaves the queue, and the log says so', async () => {
    const acme = await world.workspace();
    const first = await holding(acme);
    const run = await acme.startImport('customers');
    await queueOf(acme, 1);
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'Canceled' });
    expect(acme.script.entries('customers')).toMatchObject([{ status: 'Canceled' }]);
    await queueOf(acme, 0);
    first.release();
  });
});

describe('an import that is withdrawn', () => {
  it('while it waits leaves the queue and is Canceled with the reason', async () => {
    const acme = await world.workspace();
    const first = await holding(acme);
    const run = await acme.startImport('customers');
    await queueOf(acme, 1);
    await run.signal(withdraw, { reason: 'paused' });
    expect(await run.result()).toMatchObject({ status: 'Canceled', reason: 'paused' });
    await queueOf(acme, 0);
    first.release();
  });

  it('once it has the workspace goes on', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    const run = await acme.startImport('customers');
    await staging.reached;
    await run.signal(withdraw, { reason: 'paused' });
    staging.release();
    expect(await run.result()).toMatchObject({ status: 'Completed' });
  });
});

describe('an import that is told to run in full', () => {
  it('while it waits runs with last_sync_time 0', async () => {
    const acme = await world.workspace();
    const first = await holding(acme);
    const run = await acme.startImport('customers', { lastSyncTime: 1_700_000_000 });
    await queueOf(acme, 1);
    await run.signal(runInFull);
    first.release();
    expect(await run.result()).toMatchObject({ status: 'Completed', full: true });
    expect(acme.script.entries('customers')).toMatchObject([{ input: { full: true, lastSyncTime: 0 } }]);
  });

  it('once it has the workspace goes on as it is', async () => {
    const acme = await world.workspace();
    const staging = acme.script.hold('stageQuery', 'customers/1');
    const run = await acme.startImport('customers', { lastSyncTime: 1_700_000_000 });
    await staging.reached;
    await run.signal(runInFull);
    staging.release();
    expect(await run.result()).not.toHaveProperty('full');
    expect(acme.script.entries('customers')).toMatchObject([{ input: { lastSyncTime: 1_700_000_000 } }]);
  });
});

describe('the Temporal UI', () => {
  it("shows an import's phase, and a summary of each of its activities", async () => {
    const acme = await world.workspace();
    const applying = acme.script.hold('applyChunks', 'customers/1#1');
    const run = await acme.startImport('customers');
    await applying.reached;
    expect(await acme.details(run)).toContain('applying 2 rows in 2 chunks, 2 at a time');
    applying.release();
    await run.result();
    expect(await acme.summaries(run)).toEqual([
      `ask for workspace ${acme.name}`, // scheduled
      `ask for workspace ${acme.name}`, // and canceled, since it had its answer
      'open it in the log',
      "copy the query's result from crm",
      'plan chunks of 2 rows',
      'apply chunks, lane 1 of 2',
      'apply chunks, lane 2 of 2',
      'close it: applied',
    ]);
  });
});

/** Another import that has the workspace, until it is released. */
async function holding(workspace: Workspace) {
  const hold = workspace.script.hold('stageQuery', 'holder/1');
  await workspace.startImport('holder');
  await hold.reached;
  return hold;
}

async function queueOf(workspace: Workspace, length: number): Promise<void> {
  await eventually(
    () => workspace.mutexState(),
    ({ queue }) => queue.length === length,
  );
}

/** How many lanes have ended, as far as the workflow has taken notice of it. */
async function settledLanes(workspace: Workspace): Promise<number> {
  const { events } = await workspace.import('customers', 1).fetchHistory();
  const lanes = new Set<string>();
  let ended = 0;
  let noticed = 0;
  for (const event of events ?? []) {
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskCompletedEventAttributes: done } =
      event;
    if (scheduled?.activityType?.name === 'applyChunks') lanes.add(String(event.eventId));
    if (done && lanes.has(String(done.scheduledEventId))) ended += 1;
    if (event.workflowTaskCompletedEventAttributes) noticed = ended;
  }
  return noticed;
}
