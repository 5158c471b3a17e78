import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { acceptImport, pause } from '../../workflows/messages.js';
import { startWorld } from '../support/workflow-world.js';
import type { Workspace, World } from '../support/workflow-world.js';

/** So far away that only what the test does brings it about. */
const never = { startAt: '2100-01-01T00:00:00Z' };

let world: World;
beforeAll(async () => {
  world = await startWorld({ address: inject('temporalAddress'), bundle: inject('workflowBundlePath') });
});
afterEach(() => world.endAll());
afterAll(() => world.close());

const accept = (workspace: Workspace, number: number) =>
  workspace.sync('customers').executeUpdate(acceptImport, { args: [{ number }] });

async function imported(workspace: Workspace, number: number): Promise<void> {
  await workspace.trigger('customers');
  await workspace.ended('customers', number);
}

describe('a sync of which an import is accepted', () => {
  it('asks from there the next time, paused or not', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await imported(acme, 1);
    await acme.sync('customers').signal(pause, { reason: '' });
    acme.script.startTime = 1_700_000_000;
    expect(await accept(acme, 1)).toEqual({ formerly: 0, lastSyncTime: 1_700_000_000, failed: 3 });
    expect((await acme.status('customers')).lastSyncTime).toBe(1_700_000_000);
    acme.script.startTime = undefined;
    await imported(acme, 2);
    expect(acme.script.entries('customers')[1]?.input.lastSyncTime).toBe(1_700_000_000);
  });

  it('says of an import that runs already that it still asks from the former time', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await imported(acme, 1);
    const staging = acme.script.hold('stageQuery', 'customers/2');
    await acme.trigger('customers');
    await staging.reached;
    acme.script.startTime = 1_700_000_000;
    expect(await accept(acme, 1)).toMatchObject({ startedBefore: 2 });
    acme.script.startTime = undefined;
    staging.release();
    await acme.ended('customers', 2);
    expect((await acme.status('customers')).lastSyncTime).toBe(1_700_000_000);
  });

  it('hears why it is refused, and stays where it is', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await expect(accept(acme, 7)).rejects.toThrow(WorkflowUpdateFailedError);
    await expect(accept(acme, 0)).rejects.toThrow(WorkflowUpdateFailedError);
    expect((await acme.status('customers')).lastSyncTime).toBe(0);
    expect(acme.script.steps.filter((step) => step.startsWith('acceptImport'))).toEqual([
      'acceptImport customers/7',
    ]);
  });

  it("does it once its definition is checked, so that a new database is not given the old one's time", async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await imported(acme, 1);
    const checking = acme.script.hold('defineSync', 'customers');
    const defining = acme.define('customers', { ...never, database: 'warehouse' });
    await checking.reached;
    const accepting = accept(acme, 1);
    expect(acme.script.steps).not.toContain('acceptImport customers/1');
    checking.release();
    await defining;
    await accepting;
    expect(acme.script.steps).toContain('acceptImport customers/1');
  });
});

describe('an import of a sync', () => {
  it('is noticed to be lost within seconds, whatever it does when its worker is killed', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await imported(acme, 1);
    const { events } = await acme.import('customers', 1).fetchHistory();
    const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: it }) =>
      it ? [it] : [],
    );
    const noticedAfter = scheduled.map(({ activityType, heartbeatTimeout, startToCloseTimeout }) => ({
      step: activityType?.name,
      seconds: Number(heartbeatTimeout?.seconds ?? 0) || Number(startToCloseTimeout?.seconds ?? 0),
    }));
    expect(noticedAfter.map(({ step }) => step)).toContain('closeImport');
    expect(noticedAfter.filter(({ seconds }) => seconds > 20)).toEqual([]);
  });

  it('adds fewer than 60 events to its history, canceled or not', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await imported(acme, 1);
    const lanes = [1, 2].map((lane) => acme.script.hold('applyChunks', `customers/2#${lane}`));
    await acme.trigger('customers');
    await Promise.all(lanes.map(({ reached }) => reached));
    await acme.import('customers', 2).cancel();
    await acme.ended('customers', 2);
    for (const number of [1, 2]) {
      const { historyLength } = await acme.import('customers', number).describe();
      expect(historyLength).toBeLessThan(60);
    }
  });
});
