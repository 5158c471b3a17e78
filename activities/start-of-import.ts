import { activityInfo } from '@temporalio/activity';
import type { StartTime } from '../sources/source.js';
import type { OpenImport, StagedImport } from '../store/imports.js';

/** A source whose clock is more than this ahead of Temporal's is not believed. */
const MAX_CLOCK_AHEAD_S = 60;

/** The least of the source's bounds and Temporal's clock, less the overlap (docs/scheduling.md). */
export function startOf(
  { sync, definition, lastSyncTime }: OpenImport,
  { seconds, clock, bound, warnings: told }: StartTime,
  found: string[],
): Pick<StagedImport, 'startTime' | 'startBound' | 'warnings'> {
  const warnings = [...found, ...told];
  const temporal = Math.floor(activityInfo().currentAttemptScheduledTimestampMs / 1000);
  // An attempt may have waited for a worker since then, so the worker's own clock must agree that it is ahead.
  const isAhead = clock > Math.max(temporal, Date.now() / 1000) + MAX_CLOCK_AHEAD_S;
  if (isAhead) warnings.push(clockWarning(clock - temporal, definition.database));
  if (clock < lastSyncTime) warnings.push(setBackWarning(lastSyncTime - clock, definition.database, sync));
  if (seconds === null) return { startTime: null, startBound: bound, warnings };
  const usesTemporal = isAhead && temporal < seconds;
  return {
    startTime: Math.max(0, (usesTemporal ? temporal : seconds) - definition.overlapSeconds),
    startBound: usesTemporal ? 'temporal clock' : bound,
    warnings,
  };
}

function clockWarning(seconds: number, database: string): string {
  return (
    `The clock of database "${database}" is ${seconds} seconds ahead of Temporal's, so last_sync_time does not move ` +
    "past Temporal's: set that clock right."
  );
}

/** What was written between the moment that the clock was set back to and now can't be told from what came before. */
function setBackWarning(seconds: number, database: string, sync: string): string {
  return (
    `The clock of database "${database}" is ${seconds} seconds behind last_sync_time: it was set back, or another server ` +
    'took over. Rows written until it is past are stamped with times that were asked for already, and are missed: run ' +
    `"inlet trigger ${sync} --full" then.`
  );
}
