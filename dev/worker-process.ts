import { Connection } from '@temporalio/client';
import { dirname } from 'node:path';
import { TASK_QUEUE } from '../workflows/messages.js';
import { ending } from './process-table.js';
import { startServer, type ServerProcess } from './server-process.js';
import { program, stateDirectory } from './state.js';

export interface WorkerOptions {
  /** The workspaces' files. */
  files: string[];
  temporalAddress: string;
  /** Added to our own environment. */
  env: Record<string, string>;
  logFile: string;
  /** Called as soon as there is a process to end, before it works. */
  onSpawn?: (server: ServerProcess) => void;
}

/**
 * Starts `inlet worker` and returns once it asks Temporal for work.
 *
 * @throws Error with the end of its log where it did not start
 */
export async function startWorker(options: WorkerOptions): Promise<ServerProcess> {
  const connection = Connection.lazy({ address: options.temporalAddress });
  try {
    return await startServer({
      name: 'The worker',
      command: {
        file: process.execPath,
        args: [program, ...options.files.flatMap((file) => ['--config', file]), 'worker'],
      },
      // Beside the state, whose .inlet/env the worker then finds as well.
      cwd: dirname(stateDirectory()),
      env: options.env,
      logFile: options.logFile,
      ending: ending.worker,
      ...(options.onSpawn && { onSpawn: options.onSpawn }),
      isReady: ({ pid }) => polls(connection, pid),
      readyWithinMs: 120_000,
    });
  } finally {
    await connection.close();
  }
}

/** The SDK's workers call themselves pid@host. */
async function polls(connection: Connection, pid: number): Promise<boolean> {
  try {
    const { pollers } = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeTaskQueue({
        namespace: 'default',
        taskQueue: { name: TASK_QUEUE },
      }),
    );
    return pollers.some(({ identity }) => identity?.startsWith(`${pid}@`));
  } catch {
    return false;
  }
}
