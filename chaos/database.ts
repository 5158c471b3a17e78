import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../dev/postgres-server.js';
import type { ServerProcess } from '../dev/server-process.js';
import { until } from './wait.js';

/** A PostgreSQL of its own, as safe as by default, that can be restarted and crashed on its port. */
export interface Database {
  /** Past all gates, as the superuser. */
  url: string;
  pool: pg.Pool;
  /** The postmaster. */
  pid(): number;
  /** Ends it in order (fast shutdown: sessions are broken off, tables are written) and starts it again. */
  restart(): Promise<void>;
  /** Kills a backend with SIGKILL: the server breaks all sessions off, recovers, and UNLOGGED tables are empty. */
  crash(): Promise<string>;
  /** What its log says since this many bytes. */
  logSince(position: number): Promise<string>;
  logLength(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * @param directory for its files; made if it isn't there
 * @param onSpawn is told of each server process
 */
export async function openDatabase(
  directory: string,
  onSpawn: (server: ServerProcess) => void,
  settings: Record<string, string> = {},
): Promise<Database> {
  const options = {
    directory,
    password: randomBytes(16).toString('hex'),
    logFile: `${directory}.log`,
    onSpawn,
    settings: { restart_after_crash: 'on', ...settings },
  };
  let server: PostgresServer = await startPostgres(options);
  const { url, port } = server;
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  const log = () => readFile(options.logFile, 'utf8');

  async function restart(): Promise<void> {
    await server.stop();
    server = await startPostgres({ ...options, port: { number: port, ifTaken: 'insist' } });
  }

  /** The victim is a session made for it, so that nothing of the server's own is missing afterwards. */
  async function crash(): Promise<string> {
    const session = new pg.Client({ connectionString: url });
    session.on('error', () => undefined);
    await session.connect();
    const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = rows[0]?.pid;
    if (pid === undefined) throw new Error('The session does not say which process it is.');
    const before = (await log()).length;
    process.kill(pid, 'SIGKILL');
    const crashed = async () =>
      (await log()).slice(before).includes('all server processes terminated; reinitializing');
    await until("the server's recovery", crashed, 60_000);
    return 'recovers from a crash';
  }

  return {
    url,
    pool,
    pid: () => server.identity.pid,
    restart,
    crash,
    logSince: async (position) => (await log()).slice(position),
    logLength: async () => (await log()).length,
    async stop() {
      await pool.end();
      await server.stop();
    },
  };
}
