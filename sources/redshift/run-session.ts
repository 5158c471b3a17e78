import { randomUUID } from 'node:crypto';
import type { RedshiftConnection } from '../../config/workspace-file.js';
import { SourceError } from '../source-error.js';
import { apiError } from './api-error.js';
import type { DataApi } from './data-api.js';
import { failureOf, type Running } from './run-batch.js';
import { explainFailure } from './statement-error.js';
import type { Step } from './statements.js';

/** How long a session outlives its last statement. */
const KEEP_SECONDS = 600;

/**
 * Runs what a batch would where the account denies batches: one statement after the other in a session, so that two
 * queries still see one snapshot. A single query that needs no session does without: reading only is up to the user's
 * rights then, and the time limit to us.
 * @throws SourceError where there is no session either, and two queries to read: one snapshot or none
 */
export async function runInSession(
  api: DataApi,
  connection: RedshiftConnection,
  steps: Step[],
  token: string,
  signal: AbortSignal,
): Promise<Running> {
  const reads = steps.filter((step) => step.reads !== undefined);
  const [only] = reads;
  if (reads.length === 1 && only !== undefined) return await runOne(api, connection, only, token, signal);
  try {
    return await runAll(api, connection, steps, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof SourceError) throw error;
    const cause = apiError(error, connection, 'read');
    if (cause instanceof SourceError && cause.retryable) throw cause;
    throw new SourceError(
      {
        message: `On database "${connection.name}" the worker may neither submit a batch nor keep a session, so that the query and the relationship query can't see one snapshot. Allow redshift-data:BatchExecuteStatement (docs/redshift.md), or remove the relationship query.`,
        phase: 'read',
        retryable: false,
      },
      error,
    );
  }
}

async function runOne(
  api: DataApi,
  connection: RedshiftConnection,
  { sql }: Step,
  token: string,
  signal: AbortSignal,
): Promise<Running> {
  try {
    const { id } = await api.submit(sql, token, signal, undefined);
    return { id, results: { main: id }, isLimited: false };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw apiError(error, connection, 'read');
  }
}

/** With tokens of its own: an earlier attempt's statements belong to that one's session, which may have ended. */
async function runAll(
  api: DataApi,
  connection: RedshiftConnection,
  steps: Step[],
  signal: AbortSignal,
): Promise<Running> {
  const results: Running['results'] = {};
  let session: string | undefined;
  let last = '';
  for (const { sql, reads } of steps) {
    const place = session === undefined ? { keepSeconds: KEEP_SECONDS } : { id: session };
    const submitted = await api.submit(sql, randomUUID(), signal, place);
    session ??= submitted.session;
    const failed = await failureOf(api, submitted.id, signal);
    if (failed !== null) throw explainFailure(failed, { connection, phase: 'read' });
    if (reads !== undefined) results[reads] = submitted.id;
    last = submitted.id;
  }
  return { id: last, results, isLimited: true };
}
