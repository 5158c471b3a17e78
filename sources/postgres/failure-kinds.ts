import pg from 'pg';

/** What a database answers with: the fields of an ErrorResponse. */
export type DatabaseError = InstanceType<typeof pg.DatabaseError>;

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const passing = new Set([
  '25P03', // idle_in_transaction_session_timeout
  '40001', // serialization_failure; a standby's conflict with recovery
  '40P01', // deadlock_detected
  '53300', // too_many_connections
  '55P03', // lock_not_available
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '72000', // snapshot_too_old
]);

/** Node's codes for a network or a server that may be back in a moment. */
const passingInNetwork = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT', // a Unix socket whose server is down
  'ENOTFOUND', // a container that is not up has no name
  'EPIPE',
  'ETIMEDOUT',
]);

/** node-postgres has no codes for these. */
const lostConnection =
  /^(?:Connection terminated|timeout expired|Client has encountered a connection error|Client was closed)/;

export function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof pg.DatabaseError;
}

/** The five characters, where it is the database that failed. */
export function sqlstateOf(error: unknown): string | undefined {
  return isDatabaseError(error) ? error.code : undefined;
}

/** Node's code for a failure of network, TLS or files: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, … */
export function nodeCodeOf(error: unknown): string | undefined {
  if (isDatabaseError(error) || !(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the connection is gone or was never there, though nobody refused it. */
export function isLostConnection(error: unknown): boolean {
  const code = nodeCodeOf(error);
  return code === undefined
    ? error instanceof Error && !isDatabaseError(error) && lostConnection.test(error.message)
    : passingInNetwork.has(code);
}

/** Whether what failed may work if it is tried again as it is. */
export function mayPass(error: unknown): boolean {
  const sqlstate = sqlstateOf(error);
  return sqlstate === undefined ? isLostConnection(error) : codeMayPass(sqlstate);
}

export function codeMayPass(sqlstate: string): boolean {
  return sqlstate.startsWith('08') || passing.has(sqlstate);
}

/** All that the database says to a user of an error, as sentences. It may quote a cell. */
export function wordsOf({ message, detail, hint }: DatabaseError): string {
  return [message, detail, hint]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => (/[.!?]$/.test(part ?? '') ? part : `${part}.`))
    .join(' ');
}

/**
 * Whether an error was raised by something that ran, as a function that is computed while a query is only planned: then its
 * words may quote a cell. The server says in its context what that was.
 */
export const wasRaised = (error: DatabaseError): boolean => error.where !== undefined && error.where !== '';

/** PgBouncer in statement mode, which lets no transaction begin; it translates none of its messages. */
export function isStatementPooling(error: unknown): boolean {
  return isDatabaseError(error) && /statement pooling mode/.test(error.message);
}

export const statementPoolingAdvice =
  'PgBouncer is in statement mode, and an import needs a transaction: set pool_mode = transaction for this database ' +
  'in pgbouncer.ini, or connect to PostgreSQL itself';
