import ms from 'ms';
import { isDatabaseError, wordsOf, type DatabaseError } from '../postgres/failure-kinds.js';
import { doing, saysIn, statementError, type StatementContext } from '../postgres/statement-error.js';
import { SourceError } from '../source-error.js';

export const readOnlyAdvice =
  'If it only reads, but from external tables (Spectrum), datashares or other databases, older versions of Redshift ' +
  'refuse these in a READ ONLY transaction: set readOnly: off for this database.';

export function isReadOnlyRefusal(sqlstate: string | undefined, words = ''): boolean {
  return sqlstate === '25006' || /transaction is read-only/i.test(words);
}

interface Meaning {
  retryable: boolean;
  /** The rest of a sentence. */
  reason: string;
}

/**
 * Says why a statement failed. Redshift gives most of its own errors the code of internal ones (XX000), so it is their
 * words that tell them apart; the rest is as PostgreSQL has it.
 */
export function redshiftError(error: unknown, context: StatementContext): Error {
  if (!isDatabaseError(error)) return statementError(error, context);
  const meaning = meaningOf(error, context);
  if (meaning === undefined) return statementError(error, context);
  const { address, phase } = context;
  const { code } = error;
  const words = wordsOf(error);
  const sqlstate = code === undefined ? '' : ` (SQLSTATE ${code})`;
  return new SourceError({
    message: `${doing[phase]} database "${address.name}" failed: ${meaning.reason}${sqlstate}.${saysIn(phase, error)}`,
    phase,
    retryable: meaning.retryable,
    ...(code !== undefined && { sqlstate: code }),
    databaseMessage: words,
  });
}

function meaningOf(error: DatabaseError, context: StatementContext): Meaning | undefined {
  const words = wordsOf(error);
  if (/cancell?ed on user'?s request/i.test(words)) return stopped(context);
  if (isReadOnlyRefusal(error.code, words)) {
    return {
      retryable: false,
      reason: `it would write, and Inlet only reads. ${readOnlyAdvice.slice(0, -1)}`,
    };
  }
  return meanings.find(({ said }) => said.test(words));
}

const meanings: ({ said: RegExp } & Meaning)[] = [
  {
    said: /serializable isolation violation|^1023\b/i,
    retryable: true,
    reason: 'it conflicts with other transactions (serializable isolation violation)',
  },
  {
    said: /maximum size allowed for the total set of cursor data/i,
    retryable: false,
    reason:
      "the results of all cursors together are larger than the leader node's limit. Ask for fewer rows at a time " +
      '({{last_sync_time}}), ask for fewer columns, use a larger node type, or connect by the Data API ' +
      '(docs/redshift.md, "Limits of cursors")',
  },
  {
    said: /connection limit .* exceeded|too many (?:clients|connections)/i,
    retryable: true,
    reason: 'the cluster has too many connections',
  },
  {
    said: /dropped by concurrent transaction|could not open relation with OID/i,
    retryable: true,
    reason: 'a table that the query reads was replaced at that moment',
  },
  {
    said: /\bWLM\b|query monitoring rule/i,
    retryable: false,
    reason:
      "the cluster's workload management stopped it: make the query faster, or change the queue or query monitoring " +
      "rule that Inlet's user falls under",
  },
  {
    said: /disk full/i,
    retryable: false,
    reason: "the cluster's disk is full, perhaps with this query's intermediate results",
  },
];

/** Redshift says the same of a timeout and of CANCEL. */
function stopped({ phase, timeoutMs, timedOut }: StatementContext): Meaning {
  if (!timedOut) {
    return {
      retryable: false,
      reason:
        "somebody cancelled it at the database, or it took longer than the cluster's own limit " +
        '(max_execution_time of its queue)',
    };
  }
  return {
    retryable: false,
    reason:
      phase === 'read'
        ? `it took longer than it may, ${ms(timeoutMs)}; make the query faster, or raise queryTimeout of the database`
        : `it took longer than ${ms(timeoutMs)}; perhaps the cluster is busy, or a table that it needs is locked`,
  };
}
