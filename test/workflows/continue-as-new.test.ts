import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { importGranted, importId, pause, resume } from '../../workflows/messages.js';
import { startShortHistoryServer } from '../support/short-history-server.js';
import { eventually, startWorld } from '../support/workflow-world.js';
import type { Workspace, World } from '../support/workflow-world.js';

/** So far away that only what the test does brings it about. */
const never = { startAt: '2100-01-01T00:00:00Z' };

let server: TestWorkflowEnvironment;
let world: World;
beforeAll(async () => {
  server = await startShortHistoryServer(40);
  world = await startWorld({ address: server.address, bundle: inject('workflowBundlePath') });
});
afterEach(() => world.endAll());
afterAll(async () => {
  await world.close();
  await server.teardown();
});

describe('a sync that continues as new', () => {
  it('goes on with its numbers, its definition, its last_sync_time and its last imports', async () => {
    const acme = await world.workspace();
    acme.script.startTime = 1_700_000_000;
    await acme.define('customers', { ...never, query: 'SELECT 7' });
    for (let number = 1; number <= 5; number += 1) {
      expect(await acme.trigger('customers')).toEqual({ number, alreadyQueued: false });
      await acme.ended('customers', number);
    }
    await hasBegunANewRun(acme, 'customers');
    const status = await acme.status('customers');
    expect(status).toMatchObject({ lastSyncTime: 1_700_000_000, definition: { query: 'SELECT 7' } });
    expect(status.recent.map(({ number }) => number)).toEqual([5, 4, 3, 2, 1]);
  });

  it('keeps to its grid', async () => {
    const acme = await world.workspace();
    await acme.define('customers', { everyMs: 2000 });
    await acme.ended('customers', 5);
    await hasBegunANewRun(acme, 'customers');
    const dueAt = acme.script.entries('customers').map(({ input }) => input.dueAt);
    const grid = dueAt[1] ?? 0;
    expect(dueAt.slice(1).map((due) => (due - grid) % 2000)).toEqual(dueAt.slice(1).map(() => 0));
  });

  it('stays paused, and keeps at most ten imports to show', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await acme.sync('customers').signal(pause, { reason: 'maintenance' });
    for (let number = 1; number <= 11; number += 1) {
      await acme.trigger('customers');
      await acme.ended('customers', number);
    }
    await hasBegunANewRun(acme, 'customers');
    const status = await acme.status('customers');
    expect(status).toMatchObject({ activity: 'paused', paused: { reason: 'maintenance' } });
    expect(status.recent.map(({ number }) => number)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  });

  it('does not while an import is open, however long its history', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    const staging = acme.script.hold('stageQuery', 'customers/1');
    await acme.trigger('customers');
    await staging.reached;
    for (let signals = 0; signals < 20; signals += 1) await acme.sync('customers').signal(resume);
    await eventually(
      () => acme.sync('customers').describe(),
      ({ historyLength }) => historyLength > 40,
    );
    staging.release();
    expect(await acme.import('customers', 1).result()).toMatchObject({ status: 'Completed' });
    await eventually(
      () => runs(acme.sync('customers')),
      (count) => count === 2,
    );
    expect(await acme.ended('customers', 1)).toMatchObject({ status: 'Completed' });
  });

  it('first finishes the update that is under way', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    const checking = acme.script.hold('defineSync', 'customers');
    const defining = acme.define('customers', { ...never, query: 'SELECT 2' });
    await checking.reached;
    for (let signals = 0; signals < 20; signals += 1) await acme.sync('customers').signal(resume);
    await eventually(
      () => acme.sync('customers').describe(),
      ({ historyLength }) => historyLength > 40,
    );
    checking.release();
    expect(await defining).toMatchObject({ created: false });
    await eventually(
      () => runs(acme.sync('customers')),
      (count) => count === 2,
    );
    expect((await acme.status('customers')).definition.query).toBe('SELECT 2');
  });

  it('loses and doubles no message that comes meanwhile', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    const numbers = new Set<number>();
    for (let burst = 0; burst < 8; burst += 1) {
      const answers = await Promise.all([
        acme.trigger('customers'),
        acme.sync('customers').signal(pause, { reason: `burst ${burst}` }),
        acme.trigger('customers', true),
        acme.sync('customers').signal(resume),
      ]);
      for (const answer of answers) if (answer) numbers.add(answer.number);
    }
    const logged = await eventually(
      () => acme.script.entries('customers').map(({ number }) => number),
      (all) => [...numbers].every((number) => all.includes(number)),
    );
    expect(logged.sort((a, b) => a - b)).toEqual([...numbers].sort((a, b) => a - b));
    await hasBegunANewRun(acme, 'customers');
  });
});

describe('a mutex that continues as new', () => {
  it('while held and queued goes on with the holder and the queue', async () => {
    const acme = await world.workspace();
    const first = acme.script.hold('stageQuery', 'a/1');
    await acme.startImport('a');
    await first.reached;
    const waiting = [];
    for (const sync of ['b', 'c']) {
      waiting.push(await acme.startImport(sync));
      await queued(acme, sync);
    }
    const release = { importId: importId(acme.name, 'nobody', 1) };
    for (let signals = 0; signals < 20; signals += 1) await acme.mutex().signal('release', release);
    await eventually(
      () => runs(acme.mutex()),
      (count) => count > 1,
    );
    expect(await acme.mutexState()).toMatchObject({
      holder: importId(acme.name, 'a', 1),
      queue: [{ importId: importId(acme.name, 'b', 1) }, { importId: importId(acme.name, 'c', 1) }],
    });
    first.release();
    for (const run of waiting) expect(await run.result()).toMatchObject({ status: 'Completed' });
    expect(acme.script.taken).toEqual([]);
  });

  it('names no holder that has closed, though nobody waits and nothing is said', async () => {
    const acme = await world.workspace();
    const held = acme.script.hold('stageQuery', 'a/1');
    await acme.startImport('a');
    await held.reached;
    const release = { importId: importId(acme.name, 'nobody', 1) };
    for (let signals = 0; signals < 30; signals += 1) await acme.mutex().signal('release', release);
    await eventually(
      () => runs(acme.mutex()),
      (count) => count > 1,
    );
    await acme.import('a', 1).terminate();
    await eventually(
      () => acme.mutexState(),
      ({ holder }) => holder === undefined,
    );
  });
});

/**
 * Waits for a sync's new run. How many events the test's own messages became is the server's affair, so it also hears
 * of a grant that is none of its imports', which changes nothing, until its history is long enough.
 */
async function hasBegunANewRun(workspace: Workspace, sync: string): Promise<void> {
  const grant = { importId: importId(workspace.name, 'nobody', 1), grantedAt: 0 };
  await eventually(
    async () => {
      await workspace.sync(sync).signal(importGranted, grant);
      return await runs(workspace.sync(sync));
    },
    (count) => count > 1,
  );
}

/** How many runs a workflow has had. */
async function runs(workflow: WorkflowHandle): Promise<number> {
  const ids = new Set<string>();
  for await (const { runId } of world.client.workflow.list({
    query: `WorkflowId = '${workflow.workflowId}'`,
  })) {
    ids.add(runId);
  }
  return ids.size;
}

async function queued(workspace: Workspace, sync: string): Promise<void> {
  const id = importId(workspace.name, sync, 1);
  await eventually(
    () => workspace.mutexState(),
    ({ queue }) => queue.some(({ importId }) => importId === id),
  );
}
