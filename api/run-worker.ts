import { readEnvironment } from '../config/environment.js';
import type { WorkerOptions } from '../worker/run-worker.js';

/** The same as the worker's own, but that the environment is the process's and `.inlet/env` unless another is given. */
export type RunWorkerOptions = Omit<WorkerOptions, 'environment'> &
  Partial<Pick<WorkerOptions, 'environment'>>;

/**
 * Serves the workspaces of one or more inlet.yaml in this process, as `inlet worker` does, until it gets SIGINT or
 * SIGTERM. Temporal's native worker is loaded only here, so that a program that only sends messages need not wait for it.
 *
 * @throws ConfigError for what is wrong in a file, and Errors with a sentence for a store or server that can't be used
 */
export async function runWorker(options: RunWorkerOptions): Promise<void> {
  const { runWorker: run } = await import('../worker/run-worker.js');
  await run({ ...options, environment: options.environment ?? readEnvironment() });
}
