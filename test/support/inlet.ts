import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import pg from 'pg';
import { expect, inject, vi } from 'vitest';
import { program } from '../../dev/state.js';
import { findImport } from '../../store/import-log.js';
import type { ImportStatus } from '../../store/records.js';
import { createDatabase, type TestDatabase } from './database.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** The real command line in a directory of its own, with a store, a source and a task queue that nobody else uses. */
export interface Inlet {
  directory: string;
  /** A name that no other test has: workflows are told apart by it, and all tests share one Temporal server. */
  workspace: string;
  /** What the commands find in their environment; a test may change it. */
  env: Record<string, string>;
  source: pg.Pool;
  store: pg.Pool;
  /** Writes inlet.yaml, or another file. */
  write(text: string, name?: string): Promise<void>;
  inlet(...words: string[]): Promise<Ran>;
  /** The same, not awaited, for commands that go on. */
  start(...words: string[]): Started;
  /** Runs a line of bash in which `inlet` is the command line. */
  shell(line: string): Promise<Ran>;
  /** Waits until the log says so of an import: minutes, for a machine that does much else. */
  untilStatus(sync: string, number: number, status: ImportStatus): Promise<void>;
  /** Returns once it serves, with its process id. */
  startWorker(...words: string[]): Promise<number>;
  /** Kills it with SIGKILL: nothing of it gets to say goodbye. */
  killWorker(): Promise<void>;
  /** Sends SIGTERM and waits until it has drained. */
  stopWorker(): Promise<Ran>;
  close(): Promise<void>;
}

export type Started = ResultPromise<{
  reject: false;
  cwd: string;
  env: Record<string, string>;
  extendEnv: false;
}>;

export async function createInlet(): Promise<Inlet> {
  const directory = await mkdtemp(join(tmpdir(), 'inlet-cli-'));
  const [sourceDatabase, storeDatabase] = await Promise.all([
    createDatabase('source'),
    createDatabase('store'),
  ]);
  const [source, store] = [poolOf(sourceDatabase), poolOf(storeDatabase)];
  const workspace = `acme-${randomBytes(6).toString('hex')}`;
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    // Settings of whoever runs the tests must not reach the commands.
    HOME: directory,
    INLET_STORE_URL: storeDatabase.url,
    CRM_DATABASE_URL: sourceDatabase.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    INLET_TASK_QUEUE: `inlet-${workspace}`,
  };
  const run = (file: string, words: string[]): Started =>
    execa(file, words, { cwd: directory, env, extendEnv: false, reject: false, forceKillAfterDelay: 60_000 });
  const start = (...words: string[]) => run(process.execPath, [program, ...words]);
  let worker: Started | undefined;

  async function startWorker(...words: string[]): Promise<number> {
    const started = start(...words, 'worker');
    worker = started;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      started.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('The worker serves')) resolve();
      });
      started.once('exit', () => reject(new Error(`The worker ended: ${said}`)));
    });
    return started.pid ?? 0;
  }

  async function killWorker(): Promise<void> {
    const killed = worker;
    worker = undefined;
    killed?.kill('SIGKILL');
    await killed;
  }

  async function stopWorker(): Promise<Ran> {
    if (worker === undefined) return { code: 0, stdout: '', stderr: '' };
    const stopping = worker;
    worker = undefined;
    stopping.kill('SIGTERM');
    return ranOf(await stopping);
  }

  return {
    directory,
    workspace,
    env,
    source,
    store,
    write: (text, name = 'inlet.yaml') => writeFile(join(directory, name), text),
    inlet: async (...words) => ranOf(await start(...words)),
    start,
    shell: async (line) =>
      ranOf(await run('/bin/bash', ['-c', `inlet() { '${process.execPath}' '${program}' "$@"; }; ${line}`])),
    untilStatus: (sync, number, status) =>
      vi.waitFor(
        async () => {
          const record = await findImport(
            { pool: store, close: () => store.end() },
            { workspace, sync, number },
          );
          expect(record?.status).toBe(status);
        },
        { timeout: 120_000, interval: 100 },
      ),
    startWorker,
    killWorker,
    stopWorker,
    async close() {
      await stopWorker();
      await Promise.all([source.end(), store.end()]);
      await Promise.all([sourceDatabase.drop(), storeDatabase.drop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function poolOf(database: TestDatabase): pg.Pool {
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  pool.on('error', () => undefined);
  return pool;
}

function ranOf({ exitCode, stdout, stderr }: Awaited<Started>): Ran {
  return { code: exitCode ?? -1, stdout, stderr };
}

/** The data of a command that was asked for JSON; the test says what it looks like. */
export function dataOf(ran: Ran): unknown {
  return JSON.parse(ran.stdout);
}
