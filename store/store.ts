import pg from 'pg';
import { HOLD_ADMISSION, lookForAdmission, mustBeAdmitted } from './compatibility.js';

/** Inlet's own PostgreSQL: the workspace's people, staging tables and the import log. */
export interface Store {
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** Counts and keys are far below 2^53, so int8 may be a number; everything else as pg has it. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * Opens a pool on the store; connections are made when they are needed. To get one fails with TooOldForStore if the
 * store does not admit this version any more.
 * @param url a connection string for PostgreSQL 14 or newer
 * @param options `max` connections, the name that they show in pg_stat_activity, and how long to connect or one query
 *   may take before its connection is thrown away; unless given, ten seconds to connect, and queries as they may
 */
export function openStore(
  url: string,
  options: { max: number; applicationName?: string; answerWithinMs?: number },
): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    application_name: options.applicationName ?? 'inlet',
    connectionTimeoutMillis: options.answerWithinMs ?? 10_000,
    ...(options.answerWithinMs !== undefined && { query_timeout: options.answerWithinMs }),
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types,
    onConnect: prepareConnection,
  });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  return { pool, close: () => pool.end() };
}

/** How long statements of a transaction may run and wait, in milliseconds; 0 is for ever. */
export interface TransactionLimits {
  statement: number;
  lock: number;
}

/** Whether a transaction is sure until its end that the store admits this version, and so keeps upgrades waiting. */
type Admittance = 'held' | 'not held';

/** What short bookkeeping gets. */
export const bookkeeping: TransactionLimits = { statement: 60_000, lock: 20_000 };

/** What applies rows: a chunk takes a second or so, a thousand times that is a stuck server. */
export const applying: TransactionLimits = { statement: 30 * 60_000, lock: 60_000 };

/** What plans an import: passes over all of its rows. */
export const planning: TransactionLimits = { statement: 6 * 3_600_000, lock: 60_000 };

/** What changes how a value is written as JSON, how a date is read from the server, or what a literal means. */
const pinned = (scope: 'SESSION' | 'LOCAL') =>
  Object.entries({
    TimeZone: 'UTC',
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'postgres',
    bytea_output: 'hex',
    lc_monetary: 'C',
    extra_float_digits: '1',
    standard_conforming_strings: 'on',
    array_nulls: 'on',
  })
    .map(([name, value]) => `SET ${scope} "${name}" = '${value}'`)
    .join(';\n  ');

/** The pool waits for what this gives, though pg's types don't say so. */
const prepareConnection = (client: pg.ClientBase): unknown =>
  client.query(pinned('SESSION')).then(() => lookForAdmission(client));

/**
 * A worker that freezes inside a transaction must lose the transaction, not hold the workspace. Settings are pinned
 * here too: behind a pooler each transaction may run on another connection.
 */
const session = (limits: TransactionLimits) => `BEGIN;
  SET LOCAL statement_timeout = ${limits.statement};
  SET LOCAL lock_timeout = ${limits.lock};
  SET LOCAL idle_in_transaction_session_timeout = 30000;
  SET LOCAL client_connection_check_interval = 5000;
  SET LOCAL tcp_keepalives_idle = 30;
  SET LOCAL tcp_keepalives_interval = 10;
  SET LOCAL tcp_keepalives_count = 3;
  ${pinned('LOCAL')};
  SET LOCAL jit = off`;

/**
 * Runs `work` in one READ COMMITTED transaction and commits; rolls back if it throws.
 * @param admittance 'not held' for what takes long and writes only what nobody else reads yet
 * @throws what `work` throws, pg's errors, and TooOldForStore if the store does not admit this version any more
 */
export async function transaction<T>(
  store: Store,
  limits: TransactionLimits,
  work: (client: pg.PoolClient) => Promise<T>,
  admittance: Admittance = 'held',
): Promise<T> {
  if (admittance === 'not held') return await endingIn('COMMIT', store, session(limits), work);
  return await endingIn('COMMIT', store, `${session(limits)};\n  ${HOLD_ADMISSION}`, async (client) => {
    await mustBeAdmitted(client);
    return await work(client);
  });
}

/** Runs `work` in a transaction that is always rolled back: for what must leave nothing behind. */
export async function rolledBack<T>(
  store: Store,
  limits: TransactionLimits,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return await endingIn('ROLLBACK', store, session(limits), work);
}

async function endingIn<T>(
  end: 'COMMIT' | 'ROLLBACK',
  store: Store,
  beginning: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return await withConnection(store, async (client) => {
    await client.query(beginning);
    const result = await work(client);
    await client.query(end);
    return result;
  });
}

async function withConnection<T>(store: Store, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await store.pool.connect();
  // While a connection is in use, its breaking shows in the query that fails; the event has nothing to add.
  const ignore = () => undefined;
  client.on('error', ignore);
  let broken = true;
  try {
    const result = await work(client);
    broken = false;
    return result;
  } catch (error) {
    broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

/** The first row of a result that must have one. */
export function only<Row>(result: { rows: Row[] }): Row {
  const [row] = result.rows;
  if (row === undefined) throw new Error('The store gave no row where there must be one.');
  return row;
}

/** Who waited for a lock longer than its transaction's limit. */
export const LOCK_NOT_AVAILABLE = '55P03';

/** Whether PostgreSQL refused a statement with this SQLSTATE. */
export const hasSqlState = (error: unknown, state: string): boolean =>
  error instanceof pg.DatabaseError && error.code === state;

/**
 * Does `work` in the caller's transaction; if PostgreSQL refuses it with this SQLSTATE, takes all of it back and does
 * `otherwise`.
 */
export async function unlessRefused<T>(
  client: pg.ClientBase,
  state: string,
  work: () => Promise<T>,
  otherwise: () => Promise<T>,
): Promise<T> {
  await client.query('SAVEPOINT tried');
  try {
    return await work();
  } catch (error) {
    if (!hasSqlState(error, state)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT tried');
    return await otherwise();
  }
}
