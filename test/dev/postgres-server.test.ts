import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { connected } from '../../dev/databases.js';
import { identifyProcess, isAlive } from '../../dev/process-identity.js';
import { startPostgres, type PostgresOptions, type PostgresServer } from '../../dev/postgres-server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

async function start(options: Partial<PostgresOptions> = {}): Promise<PostgresServer> {
  const server = await startPostgres({
    directory: join(directory, 'postgres'),
    password: 'first',
    logFile: join(directory, 'log'),
    settings: { shared_buffers: '16MB' },
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

const lockFile = () => join(directory, 'postgres', 'data', 'postmaster.pid');

it('keeps what was committed when it is killed, and starts again', async () => {
  const first = await start();
  await connected(first.url, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS n'));
  process.kill(first.identity.pid, 'SIGKILL');
  expect(await first.ended).toBe('signal SIGKILL');

  const second = await start();
  const { rows } = await connected(second.url, (client) => client.query<{ n: number }>('SELECT n FROM kept'));
  expect(rows).toEqual([{ n: 1 }]);
});

it('starts though the pid in its lock file has been given to somebody else', async () => {
  const first = await start();
  const lock = await readFile(lockFile(), 'utf8');
  const { uid } = await stat(lockFile());
  await first.stop();
  // PostgreSQL looks only at processes of its own user.
  const somebody = spawn('sleep', ['60'], { uid, stdio: 'ignore' });
  onTestFinished(() => void somebody.kill('SIGKILL'));
  await writeFile(lockFile(), lock.replace(/^\d+/, String(somebody.pid)));
  const { url } = await start();
  expect((await connected(url, (client) => client.query('SELECT'))).rows).toHaveLength(1);
});

it('ends a server that nobody remembers, before it starts another on the same data', async () => {
  const forgotten = await start();
  const remembered = await start();
  expect(isAlive(forgotten.identity)).toBe(false);
  expect(identifyProcess(remembered.identity.pid)).toEqual(remembered.identity);
});

it('gives an existing cluster a new password where the old one is lost', async () => {
  await (await start()).stop();
  const { url } = await start({ password: "second ' \\ password", passwordIsNew: true });
  expect((await connected(url, (client) => client.query('SELECT'))).rows).toHaveLength(1);
});

it('takes another port where the wanted one is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const address = other.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  const { port } = await start({ port: { number: taken, ifTaken: 'take another' } });
  expect(port).not.toBe(taken);
});

it('says what PostgreSQL said where it does not start', async () => {
  await expect(start({ settings: { shared_buffers: 'a lot' } })).rejects.toThrow(
    /PostgreSQL ended \(exit code 1\).*invalid value for parameter "shared_buffers"/s,
  );
});
