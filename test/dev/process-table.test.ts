import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { identifyProcess, isAlive, type ProcessIdentity } from '../../dev/process-identity.js';
import { ProcessTable } from '../../dev/process-table.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let file: string;

beforeEach(async () => {
  file = join(await temporaryDirectory(), 'processes.json');
});

function sleeper(): ProcessIdentity {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const identity = identifyProcess(child.pid ?? 0);
  if (identity === null) throw new Error('The process is not there.');
  return identity;
}

it('a later start ends what an earlier one left, last started first', async () => {
  const [postgres, worker] = [sleeper(), sleeper()];
  const earlier = new ProcessTable(file);
  earlier.add('PostgreSQL', postgres);
  earlier.add('worker', worker);

  const later = new ProcessTable(file);
  expect(await later.endAll()).toEqual(['worker', 'PostgreSQL']);
  expect([postgres, worker].map(isAlive)).toEqual([false, false]);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({});
});

it('a pid that has been given to somebody else since is not touched', async () => {
  const somebody = sleeper();
  new ProcessTable(file).add('Temporal', { ...somebody, startedAt: 'another boot 1' });
  expect(await new ProcessTable(file).endAll()).toEqual([]);
  expect(isAlive(somebody)).toBe(true);
});

it('a part that was taken out is not ended', async () => {
  const temporal = sleeper();
  const table = new ProcessTable(file);
  table.add('Temporal', temporal);
  table.remove('Temporal');
  expect(await new ProcessTable(file).endAll()).toEqual([]);
  expect(isAlive(temporal)).toBe(true);
});

it('a file that is no table counts as empty', async () => {
  await writeFile(file, '{"worker": {"pid": "all of them"');
  expect(await new ProcessTable(file).endAll()).toEqual([]);
});
