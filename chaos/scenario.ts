import { syncId, mutexId, mutexState, pause, syncStatus } from '../workflows/messages.js';
import { resetAudit } from './audit.js';
import type { Fault } from './faults.js';
import { endOfLog, readLog } from './import-log.js';
import { mustDo, reach, triggerImport, type Phase } from './phases.js';
import { changeSource } from './reference-data.js';
import { judge, type Verdict } from './verdict.js';
import { until } from './wait.js';
import type { World } from './world.js';

/** One fault at one phase. */
export interface Scenario {
  fault: Fault;
  phase: Phase;
  /** Between 0 and 1, by the seed: for what is left open. */
  random: number;
}

export interface Outcome extends Verdict {
  /** What was seen of the fault. */
  proof: string;
  /** From the moment that it struck until everything was in. */
  recoverySeconds: number;
}

/** How long an import may take to come through a fault that is over. */
const RECOVERY_MS = 240_000;

/**
 * Changes the source, starts an import, breaks something at the phase and mends it, lets the product come through, and
 * compares what is there then with a run that had no fault.
 * @param round counts from 1; each changes other rows
 * @throws Error if the phase was not reached, the fault did not fire, or the product did not come through
 */
export async function play(
  world: World,
  { fault, phase, random }: Scenario,
  round: number,
): Promise<Outcome> {
  const { chaos, reference, source } = world;
  await settleWorkers(world, fault.workers);
  const before = await readLog(chaos.store.pool, 0);
  const marks = await Promise.all([endOfLog(chaos.store.pool), endOfLog(reference.store.pool)]);
  await resetAudit(chaos.store.pool);
  await changeSource(source.pool, round);

  const reached = await reach(world, phase, random);
  const struckAt = performance.now();
  const proof = await fault.fire(world, reached, random);
  reached.release();

  const withoutFault = mustDo(reference, 'trigger', 'customers', '--wait');
  withoutFault.catch(() => undefined); // It is told below.
  if (phase === 'waiting') await throughTheTimer(world, marks[0]);
  await through(world, marks[0]);
  const recoverySeconds = (performance.now() - struckAt) / 1000;
  await withoutFault;

  const verdict = await judge(world, {
    fault,
    before,
    entries: await readLog(chaos.store.pool, marks[0]),
    reference: await readLog(reference.store.pool, marks[1]),
  });
  return { proof, recoverySeconds, ...verdict };
}

/** So many workers, with a clock that is right. */
async function settleWorkers(world: World, wanted: number): Promise<void> {
  const { workers } = world;
  const leaving = workers.filter(({ clockOffBy }, at) => clockOffBy !== 0 || at >= wanted);
  for (const worker of leaving) workers.splice(workers.indexOf(worker), 1);
  await Promise.all(leaving.map((worker) => worker.stop()));
  while (workers.length < wanted) await world.addWorker();
}

/** The import of the sync's own timer, which the fault may have struck before. */
async function throughTheTimer(world: World, mark: number): Promise<void> {
  const { chaos, client } = world;
  await until(
    "the timer's import",
    async () => {
      await startIfEnded(world, 'clock');
      const log = await readLog(chaos.store.pool, mark);
      return log.some(({ sync, status }) => sync === 'clock' && status === 'Completed');
    },
    RECOVERY_MS,
  );
  await until(
    'the pause',
    async () => {
      await client.workflow
        .getHandle(syncId(chaos.name, 'clock'))
        .signal(pause, { reason: 'not needed now' });
      return true;
    },
    RECOVERY_MS,
  );
}

/** Triggers imports until one is Completed that began after the mark and nothing is under way. */
async function through(world: World, mark: number): Promise<void> {
  const { chaos, client } = world;
  const sync = client.workflow.getHandle(syncId(chaos.name, 'customers'));
  await until(
    'a Completed import',
    async () => {
      await startIfEnded(world, 'customers');
      const { activity } = await sync.query(syncStatus);
      if (activity !== 'waiting') return false;
      const log = (await readLog(chaos.store.pool, mark)).filter((entry) => entry.sync === 'customers');
      if (log.at(-1)?.status === 'Completed') return true;
      await triggerImport(world, 'customers');
      return false;
    },
    RECOVERY_MS,
  );
  await until('everything at rest', () => isAtRest(world), RECOVERY_MS);
}

/** A sync whose workflow was terminated or cancelled is started by whoever wants it to go on. */
async function startIfEnded(world: World, sync: string): Promise<void> {
  const { status } = await world.client.workflow.getHandle(syncId(world.chaos.name, sync)).describe();
  if (status.name !== 'RUNNING') await mustDo(world.chaos, 'apply', sync);
}

async function isAtRest({ chaos, client }: World): Promise<boolean> {
  const { rows } = await chaos.store.pool.query(`SELECT FROM inlet.import WHERE status = 'Running'`);
  if (rows.length > 0) return false;
  const mutex = client.workflow.getHandle(mutexId(chaos.name));
  if ((await mutex.describe()).status.name !== 'RUNNING') return true;
  const { holder, queue } = await mutex.query(mutexState);
  return holder === undefined && queue.length === 0;
}
