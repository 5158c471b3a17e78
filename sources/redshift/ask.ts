import type { Field } from '@aws-sdk/client-redshift-data';
import type { RedshiftConnection } from '../../config/workspace-file.js';
import { apiError } from './api-error.js';
import type { DataApi } from './data-api.js';
import { failureOf, submitAlone } from './run-batch.js';
import { explainFailure } from './statement-error.js';
import type { SourcePhase } from '../source-error.js';

/** What we ask for ourselves is answered at once, unless the cluster has other things to do. */
const ASK_MS = 5 * 60_000;

/**
 * Runs a statement of ours, and gives its rows as texts; NULL is null.
 * @throws SourceError; the signal's reason if it is aborted
 */
export async function ask(
  api: DataApi,
  connection: RedshiftConnection,
  sql: string,
  phase: SourcePhase,
  signal: AbortSignal,
): Promise<(string | null)[][]> {
  try {
    const running = await submitAlone(api, connection, sql, ASK_MS, signal);
    const failed = await failureOf(api, running.id, signal);
    if (failed !== null) throw explainFailure(failed, { connection, phase });
    const rows: (string | null)[][] = [];
    for await (const { records } of api.pages(running.results.main ?? running.id, signal))
      rows.push(...records.map((record) => record.map(textOf)));
    return rows;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw apiError(error, connection, phase);
  }
}

function textOf(field: Field): string | null {
  const { isNull, stringValue, longValue, doubleValue, booleanValue } = field;
  return isNull === true ? null : String(stringValue ?? longValue ?? doubleValue ?? booleanValue ?? '');
}
