import type { SourcePhase } from '../source-error.js';
import type { Server } from './server.js';
import type { Session } from './session.js';
import { statementError, type StatementContext } from './statement-error.js';

/** How the bytes of texts come: as they are where the server itself does not know what they mean. */
export type Encoding = 'UTF8' | 'SQL_ASCII';

export interface TransactionOptions {
  isolation: 'READ COMMITTED' | 'REPEATABLE READ';
  /** Milliseconds that one statement may take. */
  timeoutMs: number;
  /** What the server's administrator sees, where it is not the connection's own name. */
  applicationName?: string;
}

/**
 * Everything that changes how a value is written, or what a literal in a query means. Set for one transaction only: a
 * pooler may give the connection to somebody else afterwards.
 * https://www.postgresql.org/docs/current/runtime-config-client.html
 */
const pinned = `
  SET LOCAL client_encoding = 'UTF8';
  SET LOCAL DateStyle = 'ISO, YMD';
  SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL extra_float_digits = 3;
  SET LOCAL bytea_output = 'hex';
  SET LOCAL lc_monetary = 'C';
  SET LOCAL lc_numeric = 'C';
  SET LOCAL xmlbinary = 'base64';
  SET LOCAL xmloption = 'content';
  SET LOCAL array_nulls = on;
  SET LOCAL quote_all_identifiers = off;
  SET LOCAL standard_conforming_strings = on;
  SET LOCAL idle_in_transaction_session_timeout = '5min';
`;

const longestTimeoutMs = 2_147_483_647;

/** Begins a transaction that only reads, with every setting pinned; gives the encoding of its texts. */
export async function begin(session: Session, options: TransactionOptions): Promise<Encoding> {
  const { isolation, timeoutMs, applicationName } = options;
  await session.execute(`
    BEGIN ISOLATION LEVEL ${isolation} READ ONLY;
    ${pinned}
    SET LOCAL statement_timeout = ${Math.min(Math.ceil(timeoutMs), longestTimeoutMs)};
    ${applicationName === undefined ? '' : `SET LOCAL application_name = '${applicationName}';`}
  `);
  const [settings] = await session.query<{ encoding: string; version: number }>(
    `SELECT current_setting('server_encoding') AS encoding, current_setting('server_version_num')::int AS version`,
  );
  const encoding = settings?.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8';
  if (encoding === 'SQL_ASCII') await session.execute(`SET LOCAL client_encoding = 'SQL_ASCII'`);
  if ((settings?.version ?? 0) >= 140_000) await stopWhenWeAreGone(session);
  return encoding;
}

/** Lets the server notice in the midst of a query that our process has died. Not every platform can. */
async function stopWhenWeAreGone(session: Session): Promise<void> {
  await session.execute('SAVEPOINT before_check_interval');
  try {
    await session.execute(`SET LOCAL client_connection_check_interval = '5s'`);
  } catch {
    await session.execute('ROLLBACK TO SAVEPOINT before_check_interval');
  }
}

/**
 * Does a short piece of work in a transaction of its own on a connection of its own.
 *
 * @throws SourceError; the signal's reason if it is aborted
 */
export async function inTransaction<T>(
  server: Server,
  phase: SourcePhase,
  options: TransactionOptions,
  signal: AbortSignal,
  work: (session: Session, encoding: Encoding) => Promise<T>,
): Promise<T> {
  const { timeoutMs } = options;
  return inSession(server, { phase, timeoutMs, explain: statementError }, signal, async (session) =>
    work(session, await begin(session, options)),
  );
}

export interface SessionOptions {
  phase: SourcePhase;
  /** Milliseconds that one statement may take. */
  timeoutMs: number;
  /** Makes a failure fit to be shown. */
  explain: (error: unknown, context: StatementContext) => Error;
}

/**
 * Does a short piece of work on a connection of its own.
 *
 * @throws SourceError; the signal's reason if it is aborted
 */
export async function inSession<T>(
  server: Server,
  { phase, timeoutMs, explain }: SessionOptions,
  signal: AbortSignal,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  // The server's own timeout does not help where the network swallows its answer.
  const { address } = server;
  const startedAt = Date.now();
  const silence = AbortSignal.timeout(timeoutMs + address.connectTimeoutMs + 10_000);
  let session: Session | undefined;
  try {
    session = await server.connect(AbortSignal.any([signal, silence]));
    return await work(session);
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error, { address, phase, timeoutMs, timedOut: Date.now() - startedAt >= timeoutMs });
  } finally {
    await session?.close();
  }
}
