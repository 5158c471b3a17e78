import { resetWorkflow } from '../../test/support/reset.js';
import { importId, mutexId, syncId } from '../../workflows/messages.js';
import type { End, Fault } from '../faults.js';
import { until } from '../wait.js';
import type { Phase, Reached } from '../phases.js';
import type { World } from '../world.js';

type Deed = 'terminated' | 'cancelled' | 'reset';

interface Target {
  name: string;
  notAt: readonly Phase[];
  idOf(world: World, reached: Reached): string;
}

const ownImport: Target = {
  name: 'import workflow',
  notAt: ['waiting', 'at any time'],
  idOf({ chaos }, { sync, number }) {
    if (number === null) throw new Error('There is no import.');
    return importId(chaos.name, sync, number);
  },
};
const ownSync: Target = {
  name: 'sync workflow',
  notAt: [],
  idOf: ({ chaos }, { sync }) => syncId(chaos.name, sync),
};
const mutex: Target = {
  name: 'mutex workflow',
  notAt: ['waiting', 'at any time'],
  idOf: ({ chaos }) => mutexId(chaos.name),
};

const done = (deed: Deed, target: Target, mayEnd: readonly End[]): Fault => ({
  name: `${target.name} ${deed}`,
  workers: 1,
  notAt: target.notAt,
  mayEnd,
  async fire(world, reached) {
    const { client } = world;
    const id = target.idOf(world, reached);
    const { runId } = await client.workflow.getHandle(id).describe();
    const run = client.workflow.getHandle(id, runId);
    if (deed === 'terminated') await run.terminate('chaos');
    if (deed === 'cancelled') await run.cancel();
    if (deed === 'reset') await resetWorkflow(client, id, 'first task');
    return await until(
      `${id} ${deed}`,
      async () => {
        if (deed !== 'cancelled') return (await run.describe()).status.name === 'TERMINATED' && `run ${deed}`;
        const { events } = await run.fetchHistory();
        const asked = (events ?? []).some((event) => event.workflowExecutionCancelRequestedEventAttributes);
        return asked && 'its history says so';
      },
      20_000,
    );
  },
});

export const workflowFaults: Fault[] = [
  done('terminated', ownImport, ['Failed', 'Completed']),
  done('cancelled', ownImport, ['Canceled', 'Completed']),
  done('reset', ownImport, ['Completed']),
  done('terminated', ownSync, ['Canceled', 'Completed']),
  done('cancelled', ownSync, ['Canceled', 'Completed']),
  { ...done('reset', ownSync, ['Completed']), mayAskAgain: true },
  done('terminated', mutex, ['Completed']),
];
