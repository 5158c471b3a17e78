import type { DescribeStatementResponse } from '@aws-sdk/client-redshift-data';
import type { RedshiftConnection } from '../../config/workspace-file.js';
import type { UserQuery } from '../postgres/user-query.js';
import { SourceError, type SourcePhase } from '../source-error.js';

/** A statement that ended as FAILED or ABORTED, and what the cluster said of it. */
export interface FailedStatement {
  status: string;
  /** What the cluster said; it may quote a cell. */
  error: string;
  /** Of the statement that failed, in its batch; undefined where none did, as when the connection was refused. */
  place: number | undefined;
}

export function statementFailure(
  { Status, Error: said = '' }: DescribeStatementResponse,
  guilty: { place: number; error: string } | undefined,
): FailedStatement {
  return { status: Status ?? 'FAILED', error: guilty?.error ?? said, place: guilty?.place };
}

interface Rule {
  says: RegExp;
  message: string;
  retryable: boolean;
}

/** What the cluster says where it is known what to do; in this order. */
const rules: Rule[] = [
  {
    says: /canceled on user's request|statement timeout/i,
    message: 'was ended by its time limit, which is queryTimeout or one of the cluster',
    retryable: false,
  },
  {
    says: /transaction is read-only|read-only transaction/i,
    message:
      'would write, or reads what BEGIN READ ONLY does not allow. If it only reads external tables, set readOnly: off for this database',
    retryable: false,
  },
  {
    says: /permission denied|not authorized|insufficient privilege/i,
    message: 'needs a right that the user lacks',
    retryable: false,
  },
  {
    says: /serializable isolation|deadlock|connection|terminat|shutting down|starting up|too many|could not connect|restart/i,
    message: 'met trouble on the cluster that may pass',
    retryable: true,
  },
  {
    says: /disk full|out of memory|exceeded the maximum size/i,
    message: 'ran out of room on the cluster',
    retryable: false,
  },
];

/**
 * What the cluster says of a query before it computes anything. To describe one it may compute something, and what it says
 * of that can quote a cell: that is kept for the import log, and for "inlet preview".
 */
const ofReading =
  /syntax error|does not exist|permission denied|ambiguous|not supported|read-only|must appear in the group by|aggregate|window function|subquery|same number of columns|cannot be matched|operator|specified more than once|unterminated|cross-database/i;

export interface Explained {
  connection: Pick<RedshiftConnection, 'name'>;
  phase: SourcePhase;
  /** The user's query that failed, with what was sent before it. */
  query?: { user: UserQuery; prefix: string };
}

/** As an error for users. What is said of a query that is only described is shown, unless it may quote a cell. */
export function explainFailure(
  failed: FailedStatement,
  { connection, phase, query }: Explained,
): SourceError {
  const said = failed.error.trim();
  const position = query === undefined ? undefined : placeIn(said, query);
  const where = position === undefined ? '' : ` at line ${position.line}, column ${position.column}`;
  const at = `database "${connection.name}"`;
  const rule = rules.find(({ says }) => says.test(said));
  const mayQuote = phase === 'read' || (position === undefined && !ofReading.test(said));
  const shown =
    phase !== 'describe' ? '.' : mayQuote ? '. "inlet preview" shows why.' : `: ${firstSentence(said)}`;
  const message =
    failed.status === 'ABORTED' && failed.place === undefined && said === ''
      ? `The query on ${at} was aborted on the cluster before its end.`
      : rule === undefined
        ? phase === 'describe'
          ? `The database refuses the query${where}${shown}`
          : `The query on ${at} failed while it ran. "inlet import" shows what the cluster said.`
        : `The query on ${at} ${rule.message}${shown}`;
  return new SourceError({
    message,
    phase,
    retryable: failed.status === 'ABORTED' || (rule?.retryable ?? false),
    databaseMessage: said,
    ...(position !== undefined && { position }),
  });
}

/** The Data API puts the position, in what was sent, behind the cluster's sentence. */
function placeIn(said: string, { user, prefix }: NonNullable<Explained['query']>) {
  const position = /Position:\s*(\d+)/i.exec(said)?.[1];
  return position === undefined ? undefined : user.placeOf(Number(position), prefix, 'UTF8');
}

const firstSentence = (said: string) =>
  said
    .replace(/^ERROR:\s*/, '')
    .replace(/\s*Position:\s*\d+.*$/is, '')
    .slice(0, 500);
