import type { Worker } from '@temporalio/worker';
import { jsonPage, type Page } from '../http-listener.js';
import { failedCheck, passed, type Check } from './check.js';

/** One of the process's workers, under the name that users read. */
export interface WatchedWorker {
  name: string;
  worker: Pick<Worker, 'getState'>;
}

/** What there is to look at, once the worker has come so far. */
export interface Watched {
  workers: readonly WatchedWorker[];
  /** Each answers in time, whatever it asks. */
  checks: readonly (() => Promise<Check>)[];
}

const ending: readonly string[] = ['STOPPING', 'DRAINING', 'DRAINED', 'STOPPED'];

/**
 * Whether the process is alive: 200 unless one of its workers has failed. To start it again would mend nothing else: a
 * server that is away comes back by itself.
 */
export function healthz(watched: Watched | undefined): Page {
  const failed = (watched?.workers ?? []).filter(({ worker }) => worker.getState() === 'FAILED');
  if (failed.length === 0) return jsonPage(200, { status: 'alive' });
  const checks = failed.map(({ name }) => failedCheck(name, 'This worker has failed; the process ends.'));
  return jsonPage(503, { status: 'failed', checks });
}

/** Whether it does its work: every worker runs and is seen to poll, and every store answers. */
export async function readyz(watched: Watched | undefined): Promise<Page> {
  if (watched === undefined) return jsonPage(503, { status: 'starting' });
  if (watched.workers.some(({ worker }) => ending.includes(worker.getState())))
    return jsonPage(503, { status: 'draining' });
  const states = watched.workers.map(({ name, worker }): Check => {
    const state = worker.getState();
    return state === 'RUNNING'
      ? passed(name)
      : failedCheck(name, `This worker does not run: it is ${state}.`);
  });
  const checks = [...states, ...(await Promise.all(watched.checks.map((check) => check())))];
  const isReady = checks.every(({ ok }) => ok);
  return jsonPage(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', checks });
}
