import ms from 'ms';
import { SourceError, type SourcePhase } from '../source-error.js';
import type { Address } from './address.js';
import {
  isDatabaseError,
  isLostConnection,
  isStatementPooling,
  mayPass,
  sqlstateOf,
  statementPoolingAdvice,
  wasRaised,
  wordsOf,
  type DatabaseError,
} from './failure-kinds.js';

export interface StatementContext {
  address: Address;
  phase: SourcePhase;
  timeoutMs: number;
  /** Whether the statement had used its time up when it failed. */
  timedOut: boolean;
}

export const doing: Record<SourcePhase, string> = {
  connect: 'Connecting to',
  describe: 'Describing the query in',
  'start time': 'Reading the start time from',
  read: 'Reading the rows from',
};

/**
 * Says why a statement failed; an error that is not of database or network is given back as it is. While rows are read
 * the database's own words may quote a cell, so they are kept apart from the message, and the original error, which
 * holds them too, is not its cause.
 */
export function statementError(error: unknown, context: StatementContext): Error {
  if (error instanceof SourceError) return error;
  if (!isDatabaseError(error) && !isLostConnection(error) && !context.timedOut) {
    return error instanceof Error ? error : new Error(String(error));
  }
  const { address, phase } = context;
  const sqlstate = sqlstateOf(error);
  const words = isDatabaseError(error) ? wordsOf(error) : undefined;
  const code = sqlstate === undefined ? '' : ` (SQLSTATE ${sqlstate})`;
  const says = isDatabaseError(error) ? saysIn(phase, error) : '';
  return new SourceError({
    message: `${doing[phase]} database "${address.name}" failed: ${whatHappened(error, context)}${code}.${says}`,
    phase,
    retryable: (sqlstate === undefined || mayPass(error)) && !isStatementPooling(error),
    ...(sqlstate !== undefined && { sqlstate }),
    ...(words !== undefined && { databaseMessage: words }),
  });
}

/** What the database said, as a sentence of a message; nothing where it may quote a cell. */
export function saysIn(phase: SourcePhase, error: DatabaseError): string {
  return phase === 'read' || wasRaised(error) ? '' : ` The database says: ${wordsOf(error)}`;
}

function whatHappened(error: unknown, context: StatementContext): string {
  const { timeoutMs, timedOut } = context;
  const sqlstate = sqlstateOf(error);
  if (sqlstate === undefined) {
    return timedOut ? `there was no answer within ${ms(timeoutMs)}` : 'the connection was lost';
  }
  if (isStatementPooling(error)) return statementPoolingAdvice;
  return sqlstate === '57014' ? stopped(context) : reasonOf(sqlstate);
}

function stopped({ phase, timeoutMs, timedOut }: StatementContext): string {
  if (!timedOut) return 'somebody cancelled it at the database';
  return phase === 'read'
    ? `it took longer than it may, ${ms(timeoutMs)}; make the query faster, or raise queryTimeout of the database`
    : `it took longer than ${ms(timeoutMs)}; perhaps a table that it needs is locked`;
}

/**
 * What an error code means here, as the rest of a sentence.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function reasonOf(sqlstate: string): string {
  switch (sqlstate) {
    case '25006':
      return 'it would write, and Inlet only reads';
    case '25P03':
    case '57P05':
      return 'the server ended the connection because it was idle for long';
    case '25P04':
      return "it took longer than the server's transaction_timeout for this user";
    case '40001':
      return (
        'it conflicts with other transactions; a standby cancels queries that are in the way of what it replays, ' +
        'unless hot_standby_feedback is on or max_standby_streaming_delay is long'
      );
    case '42501':
      return 'the user may not read something that the query uses; GRANT SELECT on it';
    case '53100':
      return "the server's disk is full, perhaps with this query's temporary files";
    case '53300':
      return 'the server has too many connections';
    case '57P01':
    case '57P02':
    case '57P03':
      return 'the server was shut down, or an administrator ended the connection';
    case '22021':
    case '22P05':
      return 'a text has bytes that are not valid in its encoding, or that UTF-8 has no character for: clean it in the source, or leave such rows out of the query';
  }
  switch (sqlstate.slice(0, 2)) {
    case '08':
      return 'the connection was lost';
    case '22':
      return "it met a value that it can't compute or convert";
    case '42':
      return 'something that the query names is not there or has changed';
    case '53':
      return 'the server has run out of something that it needs';
    case '58':
    case 'XX':
      return 'the server has an internal error; its log says more';
    default:
      return 'the database gave an error';
  }
}
