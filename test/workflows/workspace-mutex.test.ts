import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { failure } from '../../activities/failures.js';
import { deleteSync, importId, syncId } from '../../workflows/messages.js';
import { eventually, startWorld } from '../support/workflow-world.js';
import type { Workspace, World } from '../support/workflow-world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ address: inject('temporalAddress'), bundle: inject('workflowBundlePath') });
});
afterEach(() => world.endAll());
afterAll(() => world.close());

describe('the mutex of a workspace', () => {
  it('grants it in the order of the requests', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const imports = [];
    for (const sync of ['d', 'b', 'c']) {
      imports.push(await acme.startImport(sync));
      await queued(acme, sync);
    }
    first.release();
    for (const run of imports) expect(await run.result()).toMatchObject({ status: 'Completed' });
    expect(opened(acme)).toEqual(['a/1', 'd/1', 'b/1', 'c/1']);
  });

  it('keeps its history short: it begins a new run long before Temporal suggests that, and keeps its holder', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const { runId } = await acme.mutex().describe();
    const nobody = { importId: importId(acme.name, 'nobody', 1) };
    const signals = () => Array.from({ length: 50 }, () => acme.mutex().signal('release', nobody));
    for (let sent = 0; sent < 600; sent += 50) await Promise.all(signals());
    await eventually(
      async () => (await acme.mutex().describe()).runId,
      (now) => now !== runId,
    );
    expect((await acme.mutexState()).holder).toBe(importId(acme.name, 'a', 1));
    first.release();
  });

  it('tells who will not wait that it is busy, and by whom', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const run = await acme.startImport('b', { whenBusy: 'skip' });
    expect(await run.result()).toMatchObject({
      status: 'Skipped',
      reason: 'import 1 of a had the workspace',
    });
    expect(acme.script.entries('b')).toMatchObject([{ status: 'Skipped', number: 1 }]);
    first.release();
  });

  it('says busy only after a look: a holder that closed unseen is none', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    await first.run.terminate();
    const run = await acme.startImport('b', { whenBusy: 'skip' });
    expect(await run.result()).toMatchObject({ status: 'Completed' });
  });

  it('lets who will not wait go ahead of nobody: the first in the queue gets it', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const waiting = await acme.startImport('b');
    await queued(acme, 'b');
    const next = acme.script.hold('stageQuery', 'b/1');
    await first.run.terminate();
    const late = await acme.startImport('c', { whenBusy: 'skip' });
    expect(await late.result()).toMatchObject({
      status: 'Skipped',
      reason: 'import 1 of b had the workspace',
    });
    next.release();
    expect(await waiting.result()).toMatchObject({ status: 'Completed' });
  });

  it.each([
    ['terminated', ({ run }: Holding) => run.terminate()],
    ['canceled', ({ run }: Holding) => run.cancel()],
  ])('passes on from a holder that is %s', async (_, end) => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const next = await acme.startImport('b');
    await queued(acme, 'b');
    await end(first);
    expect(await next.result()).toMatchObject({ status: 'Completed' });
    expect(acme.script.taken).toEqual([]);
  });

  // No import fails or times out by itself. To the mutex, whatever holds a workspace is a workflow's id.
  it('passes on from a holder that timed out', async () => {
    const acme = await world.workspace();
    const holder = await acme.startUndefinedSync('a', { workflowRunTimeout: '2s' });
    await acme.request({ importId: holder.workflowId, whenBusy: 'wait' });
    const next = await acme.startImport('b');
    await queued(acme, 'b');
    await expect(holder.result()).rejects.toThrow('Workflow execution timed out');
    expect(await next.result()).toMatchObject({ status: 'Completed' });
  });

  it('passes on from a holder that failed', async () => {
    const acme = await world.workspace();
    acme.script.fail('forgetSync', 'a', failure('StoreRefused', 'the disk is full'));
    await acme.define('a', { startAt: '2100-01-01T00:00:00Z' });
    await acme.request({ importId: syncId(acme.name, 'a'), whenBusy: 'wait' });
    const next = await acme.startImport('b');
    await queued(acme, 'b');
    await expect(acme.sync('a').executeUpdate(deleteSync)).rejects.toThrow();
    await expect(acme.sync('a').result()).rejects.toThrow('Workflow execution failed');
    expect(await next.result()).toMatchObject({ status: 'Completed' });
  });

  it('passes over a requester that is gone when its turn comes', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const gone = await acme.startImport('b');
    await queued(acme, 'b');
    const next = await acme.startImport('c');
    await queued(acme, 'c');
    await gone.terminate();
    first.release();
    expect(await next.result()).toMatchObject({ status: 'Completed' });
    expect(opened(acme)).toEqual(['a/1', 'c/1']);
  });

  it('passes over a requester that never was', async () => {
    const acme = await world.workspace();
    await acme.request({ importId: importId(acme.name, 'nobody', 1), whenBusy: 'wait' });
    const run = await acme.startImport('a');
    expect(await run.result()).toMatchObject({ status: 'Completed' });
  });

  it('grants a holder that asks again once more, and does not queue it', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    await acme.request({ importId: first.run.workflowId, whenBusy: 'wait' });
    await eventually(
      () => timesGranted(acme, 'a'),
      (times) => times === 2,
    );
    expect(await acme.mutexState()).toEqual({ holder: first.run.workflowId, queue: [] });
    first.release();
    expect(await first.run.result()).toMatchObject({ status: 'Completed' });
  });

  it('queues a repeated request once', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const next = await acme.startImport('b');
    await queued(acme, 'b');
    await acme.request({ importId: next.workflowId, whenBusy: 'wait' });
    await acme.request({ importId: importId(acme.name, 'c', 1), whenBusy: 'wait' });
    await queued(acme, 'c');
    expect((await acme.mutexState()).queue).toHaveLength(2);
    first.release();
    expect(await next.result()).toMatchObject({ status: 'Completed' });
    expect(await timesGranted(acme, 'b')).toBe(1);
  });

  it('is not freed by a release as long as the holder is open', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const next = await acme.startImport('b');
    await queued(acme, 'b');
    await acme.mutex().signal('release', { importId: first.run.workflowId });
    await acme.mutex().signal('release', { importId: next.workflowId });
    await eventually(
      () => looks(acme),
      (count) => count >= 2,
    );
    expect((await acme.mutexState()).holder).toBe(first.run.workflowId);
    expect(await timesGranted(acme, 'b')).toBe(0);
    first.release();
    expect(await next.result()).toMatchObject({ status: 'Completed' });
  });

  it('that was terminated while held loses nobody, and lets nobody in beside the holder', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    const next = await acme.startImport('b');
    await queued(acme, 'b');
    await acme.mutex().terminate();
    // What every waiting import does by itself within 20 seconds.
    await acme.request({ importId: next.workflowId, whenBusy: 'wait' });
    await eventually(
      () => acme.script.taken,
      (taken) => taken.length > 0,
    );
    expect(acme.script.steps).not.toContain('stageQuery b/1');
    first.release();
    expect(await first.run.result()).toMatchObject({ status: 'Completed' });
    expect(await next.result()).toMatchObject({ status: 'Completed' });
  });

  it('need not be there when the workspace is given back', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    await acme.mutex().terminate();
    first.release();
    expect(await first.run.result()).toMatchObject({ status: 'Completed' });
  });

  it('of another workspace is another one: two workspaces import at the same time', async () => {
    const [acme, bravo] = await Promise.all([world.workspace(), world.workspace()]);
    const [first, second] = await Promise.all([holding(acme, 'a'), holding(bravo, 'a')]);
    expect([await first.run.describe(), await second.run.describe()]).toMatchObject([
      { status: { name: 'RUNNING' } },
      { status: { name: 'RUNNING' } },
    ]);
    first.release();
    second.release();
  });

  it('never lets two imports of one workspace overlap', async () => {
    const acme = await world.workspace();
    const syncs = ['a', 'b', 'c'];
    for (const sync of syncs) await acme.define(sync, { everyMs: 1000, anchor: 'end' });
    for (const sync of syncs) await acme.ended(sync, 3);
    expect(acme.script.taken).toEqual([]);
  });

  it('shows in the Temporal UI who has the workspace and who waits', async () => {
    const acme = await world.workspace();
    const first = await holding(acme, 'a');
    await acme.startImport('b');
    await queued(acme, 'b');
    const details = await acme.details(acme.mutex());
    expect(details).toContain(`Held by ${first.run.workflowId}.`);
    expect(details).toContain(`1. ${importId(acme.name, 'b', 1)}`);
    first.release();
  });
});

type Holding = Awaited<ReturnType<typeof holding>>;

/** An import that has the workspace, until it is released. */
async function holding(workspace: Workspace, sync: string) {
  const hold = workspace.script.hold('stageQuery', `${sync}/1`);
  const run = await workspace.startImport(sync);
  await hold.reached;
  return { run, release: () => hold.release() };
}

async function queued(workspace: Workspace, sync: string): Promise<void> {
  const id = importId(workspace.name, sync, 1);
  await eventually(
    () => workspace.mutexState(),
    ({ queue }) => queue.some(({ importId }) => importId === id),
  );
}

function opened(workspace: Workspace): string[] {
  return workspace.script.steps
    .filter((step) => step.startsWith('openImport '))
    .map((step) => step.slice('openImport '.length));
}

async function timesGranted(workspace: Workspace, sync: string): Promise<number> {
  const { events } = await workspace.import(sync, 1).fetchHistory();
  const signals = events?.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName);
  return signals?.filter((name) => name === 'granted').length ?? 0;
}

/** How often the mutex has scheduled a look at its holder. */
async function looks(workspace: Workspace): Promise<number> {
  const { events } = await workspace.mutex().fetchHistory();
  const scheduled = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
  return scheduled?.filter((name) => name === 'awaitClosed').length ?? 0;
}
