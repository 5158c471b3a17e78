import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { ProcessTable } from '../../dev/process-table.js';
import { startServer, type ServerProcess } from '../../dev/server-process.js';
import { Supervisor, type Start } from '../../dev/supervisor.js';
import { isAlive } from '../../dev/process-identity.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let directory: string;
let said: string[];
let supervisor: Supervisor;

beforeEach(async () => {
  directory = await temporaryDirectory();
  said = [];
  const table = new ProcessTable(join(directory, 'processes.json'));
  supervisor = new Supervisor(table, (text) => said.push(text), 10);
  onTestFinished(() => supervisor.stop());
});

/** A server that writes its name when it is asked to end; each start is noted. */
function server(name: string, starts: ServerProcess[] = []): Start<ServerProcess> {
  const script = `trap 'echo ${name} >> ended; exit' TERM; while :; do sleep 0.02; done`;
  return async (onSpawn) => {
    const started = await startServer({
      name,
      command: { file: '/bin/sh', args: ['-c', script] },
      cwd: directory,
      logFile: join(directory, 'log'),
      ending: { signal: 'SIGTERM', graceMs: 5_000 },
      onSpawn,
      isReady: () => Promise.resolve(true),
      readyWithinMs: 5_000,
    });
    starts.push(started);
    return started;
  };
}

it('stops the parts in the opposite order of their start', async () => {
  for (const part of ['PostgreSQL', 'Temporal', 'worker'] as const) {
    await supervisor.run(part, server(part), () => server(part));
  }
  await supervisor.stop();
  expect(await readFile(join(directory, 'ended'), 'utf8')).toBe('worker\nTemporal\nPostgreSQL\n');
  expect(said).toEqual([]);
});

it('starts a part again that was killed, and says so', async () => {
  const again: ServerProcess[] = [];
  const first = await supervisor.run('Temporal', server('first'), () => server('again', again));
  process.kill(first.identity.pid, 'SIGKILL');
  await expect
    .poll(() => said)
    .toEqual(['Temporal ended unexpectedly (signal SIGKILL); starting it again.', 'Temporal runs again.']);
  await supervisor.stop();
  expect(again.map(({ identity }) => isAlive(identity))).toEqual([false]);
});

it('gives up a part that does not keep running', async () => {
  const impossible: Start<ServerProcess> = () => Promise.reject(new Error('The disk is full.'));
  const { identity } = await supervisor.run('worker', server('worker'), () => impossible);
  process.kill(identity.pid, 'SIGKILL');
  await expect(supervisor.failed).rejects.toThrow('The worker does not keep running: The disk is full.');
});

it('stops what is being started at that moment, and starts nothing more', async () => {
  let spawned: ServerProcess | undefined;
  const never: Start<ServerProcess> = (onSpawn) =>
    startServer({
      name: 'PostgreSQL',
      command: { file: 'sleep', args: ['60'] },
      logFile: join(directory, 'log'),
      ending: { signal: 'SIGTERM', graceMs: 5_000 },
      onSpawn: (process) => {
        spawned = process;
        onSpawn(process);
      },
      isReady: () => Promise.resolve(false),
      readyWithinMs: 50_000,
    });
  const starting = supervisor.run('PostgreSQL', never, () => never);
  const outcome = expect(starting).rejects.toThrow('ended (signal SIGTERM) before it answered');
  await expect.poll(() => spawned).toBeDefined();
  await supervisor.stop();
  await outcome;
  await expect(supervisor.run('Temporal', server('late'), () => server('late'))).rejects.toThrow(
    'is not started',
  );
});
