import type { RedshiftConnection } from '../../config/workspace-file.js';
import type { UserQuery } from '../postgres/user-query.js';
import { ofRelationshipQuery, SourceError } from '../source-error.js';
import type { Column, QueryName } from '../source.js';
import { apiError } from './api-error.js';
import { columnsOf } from './columns.js';
import type { DataApi } from './data-api.js';
import { failureOf, submitAlone } from './run-batch.js';
import { explainFailure } from './statement-error.js';
import { describing, prefix } from './statements.js';

/** Nothing is computed; a cluster that is busy may take a while to come to it. */
const DESCRIBE_MS = 10 * 60_000;

/**
 * The columns of queries, which are not run. Redshift may take several statements in one, so that more than one is
 * refused before anything is sent.
 * @throws SourceError with the place in the query as written
 */
export async function describeQueries(
  api: DataApi,
  connection: RedshiftConnection,
  queries: Map<QueryName, UserQuery>,
  signal: AbortSignal,
): Promise<Map<QueryName, Column[]>> {
  const described = new Map<QueryName, Column[]>();
  for (const [name, query] of queries) {
    try {
      described.set(name, await describeOne(api, connection, query, signal));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const explained = apiError(error, connection, 'describe');
      throw name === 'main' ? explained : ofRelationshipQuery(explained);
    }
  }
  return described;
}

async function describeOne(
  api: DataApi,
  connection: RedshiftConnection,
  query: UserQuery,
  signal: AbortSignal,
): Promise<Column[]> {
  refuseMany(query);
  const sql = describing(query.statement);
  const running = await submitAlone(api, connection, sql, DESCRIBE_MS, signal);
  const failed = await failureOf(api, running.id, signal);
  if (failed !== null)
    throw explainFailure(failed, { connection, phase: 'describe', query: { user: query, prefix } });
  for await (const { columns } of api.pages(running.results.main ?? running.id, signal))
    return columnsOf(columns);
  return [];
}

function refuseMany({ secondStatement }: UserQuery): void {
  if (secondStatement === undefined) return;
  const { line, column } = secondStatement;
  throw new SourceError({
    message: `The query has a second statement at line ${line}, column ${column}. It must be one SELECT.`,
    phase: 'describe',
    retryable: false,
    position: secondStatement,
  });
}
