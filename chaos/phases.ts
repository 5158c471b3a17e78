import { setTimeout as sleep } from 'node:timers/promises';
import { mutexId, mutexState, syncId, trigger } from '../workflows/messages.js';
import type { Held } from './gate.js';
import { moments, type Moment } from './moments.js';
import { until, within } from './wait.js';
import type { Worker } from './worker.js';
import type { Workspace, World } from './world.js';

/** When a fault strikes: at a moment of an import, or while none of its own is at work. */
export const phases = {
  waiting: "the sync sleeps, and its timer's import has still to come",
  queued: "the import waits in the mutex's queue behind another",
  ...moments,
  'at any time': 'some seconds after the trigger, by the seed',
} as const;

export type Phase = keyof typeof phases;

export const phaseNames = Object.keys(phases).filter((name): name is Phase => name in phases);

/** What the program found when the phase was reached. */
export interface Reached {
  /** The sync whose import the fault is meant for, and the number of the import; none while waiting. */
  sync: string;
  number: number | null;
  /** The worker that is held, or the only one. */
  worker: Worker;
  /** Lets the import go on. */
  release: () => void;
}

const isMoment = (phase: Phase): phase is Moment => phase in moments;

/** Starts an import and brings it to this phase. */
export async function reach(world: World, phase: Phase, random: number): Promise<Reached> {
  if (phase === 'waiting') return await reachWaiting(world);
  if (phase === 'queued') return await reachQueued(world);
  if (isMoment(phase)) return await reachMoment(world, phase, 'customers');
  const number = await triggerImport(world, 'customers');
  await sleep(random * 4_000);
  return { sync: 'customers', number, worker: onlyOrFirst(world), release: () => undefined };
}

/** The sync `clock` runs every minute, and sleeps until then. */
async function reachWaiting(world: World): Promise<Reached> {
  await mustDo(world.chaos, 'resume', 'clock');
  return { sync: 'clock', number: null, worker: onlyOrFirst(world), release: () => undefined };
}

async function reachMoment(world: World, moment: Moment, sync: string): Promise<Reached> {
  const { number, held, worker } = await triggerHeld(world, moment, sync);
  return { sync, number, worker, release: () => held.release() };
}

async function reachQueued(world: World): Promise<Reached> {
  const { held, worker } = await triggerHeld(world, 'before staging', 'companies');
  const number = await triggerImport(world, 'customers');
  const mutex = world.client.workflow.getHandle(mutexId(world.chaos.name));
  await until(
    'the import in the queue',
    async () => (await mutex.query(mutexState)).queue.length > 0,
    30_000,
  );
  return { sync: 'customers', number, worker, release: () => held.release() };
}

async function triggerHeld(
  world: World,
  moment: Moment,
  sync: string,
): Promise<{ number: number; held: Held; worker: Worker }> {
  const hits = world.workers.map((worker) => worker.store.arm(moment).then((held) => ({ held, worker })));
  const number = await triggerImport(world, sync);
  const hit = await within(`the moment "${moment}"`, Promise.race(hits), 60_000);
  for (const { store } of world.workers) store.disarm();
  return { number, ...hit };
}

/** @returns the import's number */
export async function triggerImport({ client, chaos }: World, sync: string): Promise<number> {
  const handle = client.workflow.getHandle(syncId(chaos.name, sync));
  const { number } = await handle.executeUpdate(trigger, { args: [{ full: false }] });
  return number;
}

function onlyOrFirst({ workers }: World): Worker {
  const [worker] = workers;
  if (worker === undefined) throw new Error('There is no worker.');
  return worker;
}

/** Runs a command that has to succeed, once a worker answers. */
export async function mustDo(workspace: Workspace, ...words: string[]): Promise<void> {
  await until(
    `"inlet ${words.join(' ')}"`,
    async () => {
      const { code, stderr } = await workspace.inlet(...words);
      if (code !== 0) throw new Error(stderr);
      return true;
    },
    120_000,
  );
}
