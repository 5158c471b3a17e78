import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePort } from '../../dev/port.js';
import { connected } from '../../dev/databases.js';
import { startPostgres, type PostgresServer } from '../../dev/postgres-server.js';
import { ending } from '../../dev/process-table.js';
import { startServer, type ServerProcess } from '../../dev/server-process.js';
import { program } from '../../dev/state.js';
import type { TemporalServer } from '../../dev/temporal-server.js';
import { startOwnTemporal } from '../../test/support/own-temporal.js';

/** What a benchmark runs on. Nothing else on the machine is used by it, or uses it. */
export interface Servers {
  directory: string;
  postgres: PostgresServer;
  temporal: TemporalServer;
  temporalDatabase: string;
  storeUrl: string;
  /** The source as its owner, and as the worker reads it. */
  sourceUrl: string;
  readerUrl: string;
  /** What commands and the worker find in their environment. */
  env: Record<string, string>;
}

export interface BenchWorker extends ServerProcess {
  /** Its health and metrics. */
  url: string;
  /** From the start of the process until it was ready. */
  readyMs: number;
}

/** Ends whatever was started, last first; what is still being started ends as well. */
export class Started {
  readonly #directory: string;
  readonly #processes: ServerProcess[] = [];
  #stopping = false;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async inNewDirectory(): Promise<Started> {
    const directory = await mkdtemp(join(tmpdir(), 'inlet-bench-'));
    await chmod(directory, 0o755); // PostgreSQL may have to enter it as somebody else.
    return new Started(directory);
  }

  get directory(): string {
    return this.#directory;
  }

  /** To be called as soon as there is a process. */
  readonly add = (server: ServerProcess): void => {
    this.#processes.push(server);
    if (this.#stopping) void server.stop();
  };

  /** Ends processes by force, for somebody who won't wait. */
  killAll(): void {
    for (const { identity } of this.#processes) {
      try {
        process.kill(identity.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const server of this.#processes.toReversed()) await server.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Starts PostgreSQL and Temporal as they would run for real: nothing that keeps data safe is switched off. */
export async function startServers(started: Started): Promise<Servers> {
  const { directory } = started;
  const [postgres, temporal] = await Promise.all([
    startPostgres({
      directory: join(directory, 'postgres'),
      password: randomBytes(16).toString('hex'),
      logFile: join(directory, 'postgres.log'),
      onSpawn: started.add,
    }),
    startOwnTemporal(directory, undefined, started.add),
  ]);
  const password = randomBytes(16).toString('hex');
  await connected(postgres.url, async (superuser) => {
    for (const name of ['inlet', 'reader'])
      await superuser.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await superuser.query('CREATE DATABASE inlet OWNER inlet');
    await superuser.query('CREATE DATABASE app');
    await superuser.query('GRANT pg_read_all_data, pg_read_all_stats TO reader');
  });
  const urlOf = (user: string, database: string) =>
    `postgres://${user}:${password}@127.0.0.1:${postgres.port}/${database}`;
  const readerUrl = urlOf('reader', 'app');
  const storeUrl = urlOf('inlet', 'inlet');
  return {
    directory,
    postgres,
    temporal,
    temporalDatabase: join(directory, 'temporal.db'),
    storeUrl,
    sourceUrl: postgres.url.replace(/postgres$/, 'app'),
    readerUrl,
    env: {
      PATH: process.env['PATH'] ?? '',
      // Settings of whoever runs this must not reach the commands.
      HOME: directory,
      INLET_STORE_URL: storeUrl,
      SOURCE_URL: readerUrl,
      TEMPORAL_ADDRESS: temporal.address,
    },
  };
}

/** Starts one `inlet worker` for all files, as a user does, and returns once it says that it is ready. */
export async function startBenchWorker(
  { env, directory }: Servers,
  files: readonly string[],
  started: Started,
): Promise<BenchWorker> {
  const url = `127.0.0.1:${await choosePort()}`;
  const began = performance.now();
  const server = await startServer({
    name: 'The worker',
    command: {
      file: process.execPath,
      args: [program, ...files.flatMap((file) => ['--config', file]), 'worker', '--listen', url],
    },
    env: { ...forgotten, ...env, INLET_LOG_LEVEL: 'info' },
    cwd: directory,
    logFile: join(directory, 'worker.log'),
    ending: ending.worker,
    onSpawn: started.add,
    isReady: () => isReady(`http://${url}/readyz`),
    readyWithinMs: 180_000,
  });
  return { ...server, url: `http://${url}`, readyMs: performance.now() - began };
}

/** What would send our worker to another Temporal than ours. */
const forgotten = { TEMPORAL_PROFILE: '', TEMPORAL_API_KEY: '', TEMPORAL_TLS: '', TEMPORAL_NAMESPACE: '' };

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}
