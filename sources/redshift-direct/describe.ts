import { describeFields } from '../postgres/describe.js';
import type { Session } from '../postgres/session.js';
import { UserQuery } from '../postgres/user-query.js';
import { SourceError } from '../source-error.js';
import type { Column } from '../source.js';
import { columnsOf } from './columns.js';
import { isReadOnlyRefusal, readOnlyAdvice } from './statement-error.js';

/** A user's query as Redshift reads it: all texts have escapes, as they had in the PostgreSQL that it stems from. */
export function queryForCluster(written: string, lastSyncTime = 0): UserQuery {
  return new UserQuery(written, lastSyncTime, { backslashes: true });
}

/** Has the cluster describe a query without running it, as sources/postgres/describe.ts does. */
export async function describeInCluster(session: Session, query: UserQuery): Promise<Column[]> {
  try {
    return columnsOf(await describeFields(session, query, 'UTF8'));
  } catch (error) {
    throw error instanceof SourceError && isReadOnlyRefusal(error.sqlstate, error.databaseMessage)
      ? withAdvice(error)
      : error;
  }
}

function withAdvice({ message, phase, retryable, sqlstate, databaseMessage, position }: SourceError) {
  return new SourceError({
    message: `${message} ${readOnlyAdvice}`,
    phase,
    retryable,
    ...(sqlstate !== undefined && { sqlstate }),
    ...(databaseMessage !== undefined && { databaseMessage }),
    ...(position !== undefined && { position }),
  });
}
