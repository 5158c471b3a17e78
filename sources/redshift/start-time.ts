import type { RedshiftConnection } from '../../config/workspace-file.js';
import { SourceError } from '../source-error.js';
import type { StartTime } from '../source.js';
import { ask } from './ask.js';
import type { DataApi } from './data-api.js';

/**
 * The cluster's clock, in whole seconds. Transactions of other users that are open can't be seen by a user who may only
 * read, so `overlap` has to cover what they write late: `check` says so (docs/redshift.md).
 */
export async function readClock(
  api: DataApi,
  connection: RedshiftConnection,
  signal: AbortSignal,
): Promise<StartTime> {
  const [row] = await ask(api, connection, 'SELECT extract(epoch FROM getdate())', 'start time', signal);
  const clock = Math.floor(Number(row?.[0]));
  if (!Number.isSafeInteger(clock))
    throw new SourceError({
      message: `Database "${connection.name}" did not say what time it is.`,
      phase: 'start time',
      retryable: true,
    });
  return { seconds: clock, clock, bound: 'clock', warnings: [] };
}
