import { setTimeout as sleep } from 'node:timers/promises';
import { statOf } from '../../dev/process-identity.js';
import { importId } from '../../workflows/messages.js';
import type { Fault } from '../faults.js';
import { until } from '../wait.js';
import type { Worker } from '../worker.js';
import type { World } from '../world.js';
import type { Reached } from '../phases.js';

/** Kills it with SIGKILL: nothing of it gets to say goodbye. */
export async function killWorker(world: World, worker: Worker): Promise<string> {
  worker.signal('SIGKILL');
  const how = await worker.ended;
  if (how !== 'SIGKILL') throw new Error(`The worker ended by ${how}, before it was killed.`);
  world.workers.splice(world.workers.indexOf(worker), 1);
  await worker.stop();
  return how;
}

const killed: Fault = {
  name: 'worker killed (kill -9) and started again',
  workers: 1,
  notAt: [],
  mayEnd: ['Completed'],
  async fire(world, { worker }) {
    const how = await killWorker(world, worker);
    await world.addWorker();
    return how;
  },
};

const oneOfTwoKilled: Fault = {
  name: 'one of two workers killed (kill -9)',
  workers: 2,
  notAt: [],
  mayEnd: ['Completed'],
  fire: (world, { worker }) => killWorker(world, worker),
};

/** Long enough for heartbeats to be missed (ten seconds) and an attempt to be given to the other worker. */
const frozen: Fault = {
  name: 'one of two workers frozen (SIGSTOP), given up, and thawed',
  workers: 2,
  notAt: ['waiting', 'queued', 'at any time'],
  mayEnd: ['Completed'],
  async fire(world, reached) {
    const { worker } = reached;
    worker.signal('SIGSTOP');
    await until('the stopped worker', () => Promise.resolve(isStopped(worker)), 5_000);
    try {
      const attempt = await until('another attempt', () => nextAttempt(world, reached), 120_000);
      return `attempt ${attempt} began while it was frozen`;
    } finally {
      worker.signal('SIGCONT');
      reached.release();
    }
  },
};

/** While no import of its own is at work there is nothing to be given up. */
const frozenForAWhile: Fault = {
  name: 'the only worker frozen (SIGSTOP) for 15 s',
  workers: 1,
  notAt: [],
  mayEnd: ['Completed'],
  async fire(_, { worker }) {
    worker.signal('SIGSTOP');
    try {
      await until('the stopped worker', () => Promise.resolve(isStopped(worker)), 5_000);
      await sleep(15_000);
      if (!isStopped(worker)) throw new Error('The worker did not stay stopped.');
      return 'stopped';
    } finally {
      worker.signal('SIGCONT');
    }
  },
};

export const workerFaults = [killed, oneOfTwoKilled, frozen, frozenForAWhile];

const isStopped = ({ pid }: Worker) => statOf(pid)?.[0] === 'T';

/** The number of an attempt after the first that has begun, or `all` where another worker has brought the import to its end. */
async function nextAttempt({ client, chaos }: World, { sync, number }: Reached): Promise<string | undefined> {
  if (number === null) return undefined;
  const { status, raw } = await client.workflow.getHandle(importId(chaos.name, sync, number)).describe();
  if (status.name !== 'RUNNING') return 'of all that was left';
  const attempt = Math.max(...(raw.pendingActivities ?? []).map(({ attempt }) => attempt ?? 1), 1);
  return attempt > 1 ? String(attempt) : undefined;
}
