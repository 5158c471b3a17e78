import { randomUUID } from 'node:crypto';
import type { RedshiftConnection } from '../../config/workspace-file.js';
import type { DescribeStatementResponse } from '@aws-sdk/client-redshift-data';
import type { QueryName } from '../source.js';
import { isNamed } from './api-error.js';
import type { DataApi } from './data-api.js';
import { statementFailure, type FailedStatement } from './statement-error.js';
import { batchOf, type Step } from './statements.js';

/** What runs, or has run, and where each query's result is. */
export interface Running {
  /** Of the batch, or of the statement that was submitted last. */
  id: string;
  results: Partial<Record<QueryName, string>>;
  /** Whether the cluster ends it by itself at its time limit. */
  isLimited: boolean;
}

/** The service may be told not to let us submit batches; then only one query can be read, unless in a session. */
export class BatchDenied extends Error {
  constructor(cause: unknown) {
    super('BatchExecuteStatement is denied.', { cause });
    this.name = 'BatchDenied';
  }
}

/**
 * Submits a batch; the same token gives the one that was submitted before.
 * @throws BatchDenied, and the client's errors
 */
export async function submitBatch(
  api: DataApi,
  steps: Step[],
  token: string,
  signal: AbortSignal,
): Promise<Running> {
  try {
    const id = await api.submitBatch(
      steps.map(({ sql }) => sql),
      token,
      signal,
    );
    const results: Running['results'] = {};
    for (const [index, { reads }] of steps.entries())
      if (reads !== undefined) results[reads] = `${id}:${index + 1}`;
    return { id, results, isLimited: true };
  } catch (error) {
    throw isNamed(error, 'AccessDeniedException') ? new BatchDenied(error) : error;
  }
}

/**
 * Submits one statement that is no import's: a description, which gives no row, or one of our own. Where batches are
 * denied it goes without a transaction that only reads.
 */
export async function submitAlone(
  api: DataApi,
  { readOnly }: Pick<RedshiftConnection, 'readOnly'>,
  sql: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Running> {
  try {
    return await submitBatch(
      api,
      batchOf([{ sql, reads: 'main' }], timeoutMs, readOnly),
      randomUUID(),
      signal,
    );
  } catch (error) {
    if (!(error instanceof BatchDenied)) throw error;
    const { id } = await api.submit(sql, randomUUID(), signal, undefined);
    return { id, results: { main: id }, isLimited: false };
  }
}

/**
 * Waits for a batch or a statement.
 * @returns null if it finished; else what failed, for the caller to explain
 */
export async function failureOf(
  api: DataApi,
  id: string,
  signal: AbortSignal,
): Promise<FailedStatement | null> {
  const description = await api.ended(id, signal);
  return description.Status === 'FINISHED' ? null : statementFailure(description, guilty(description));
}

/**
 * Which statement of a batch failed, from 1: the batch's own error may be that of the connection, where all of its
 * statements are ABORTED with a placeholder.
 */
function guilty({
  SubStatements = [],
}: DescribeStatementResponse): { place: number; error: string } | undefined {
  const index = SubStatements.findIndex(({ Status }) => Status === 'FAILED');
  const error = SubStatements[index]?.Error;
  return error === undefined ? undefined : { place: index + 1, error };
}
