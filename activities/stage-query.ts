import { activityInfo } from '@temporalio/activity';
import { resolveDatabase, type WorkspaceFile } from '../config/workspace-file.js';
import { fillLastSyncTime } from '../sources/last-sync-time.js';
import { openSource } from '../sources/open-source.js';
import type { Column, Snapshot, Source, StartTime } from '../sources/source.js';
import { checkColumns } from '../store/column-rules.js';
import {
  adoptStaging,
  noteProgress,
  noteSql,
  readOpenImport,
  type OpenImport,
  type StagedImport,
  type Staging,
} from '../store/imports.js';
import type { RowMeter } from '../store/row-meter.js';
import { analyzeStaging, copyIntoStaging, createStaging, dropStaging } from '../store/staging.js';
import type { Store } from '../store/store.js';
import type { Dependencies } from './dependencies.js';
import { failure } from './failures.js';

/** Copying may go on for a while after the source has computed its result. */
const COPY_MARGIN_MS = 15 * 60_000;
/** A source whose clock is more than this ahead of Temporal's is not believed. */
const MAX_CLOCK_AHEAD_S = 60;
const MANY_ROWS = 10_000_000;

/**
 * Copies the result of the import's query, once, into a staging table of this attempt's own, and puts that into the
 * import's row. If an earlier attempt was first, its staging counts and this one is dropped.
 * @throws SourceError, TooManyRows, FencedOff, ApplicationFailure `QueryRefused`, and pg's errors of the store
 */
export async function stageImport(
  { file, store }: Pick<Dependencies, 'file' | 'store'>,
  key: string,
  signal: AbortSignal,
): Promise<Staging> {
  const work = await readOpenImport(store, key);
  if (work.staging !== null) return work.staging;
  const { connection, source } = openDatabase(file, work);
  try {
    await noteSql(store, key, fillLastSyncTime(work.definition.query, work.lastSyncTime));
    const started = await source.startTime(signal);
    const { queryTimeoutMs } = connection;
    const request = { main: work.definition.query, lastSyncTime: work.lastSyncTime, queryTimeoutMs };
    const snapshot = await source.snapshot(request, signal);
    try {
      const staged = await stageSnapshot(store, work, snapshot, queryTimeoutMs, signal);
      return await adopt(store, work, { ...staged, ...startOf(work, started, staged.warnings) });
    } finally {
      await snapshot.close();
    }
  } finally {
    await source.close();
  }
}

function openDatabase(file: WorkspaceFile, { definition }: OpenImport) {
  if (!file.databases.has(definition.database))
    throw failure(
      'DefinitionRefused',
      `The worker's file has no database "${definition.database}". Give the worker the current inlet.yaml and restart it.`,
    );
  const connection = resolveDatabase(file, definition.database);
  const source: Source = openSource(connection);
  return { connection, source };
}

async function stageSnapshot(
  store: Store,
  work: OpenImport,
  snapshot: Snapshot,
  queryTimeoutMs: number,
  signal: AbortSignal,
): Promise<Staging & { warnings: string[] }> {
  const { definition, settings, key } = work;
  const columns = await snapshot.columns('main');
  const { problems, warnings } = checkColumns(definition, settings, columns);
  if (problems.length > 0) throw failure('QueryRefused', problems.join(' '));
  const shape = { definition, settings, columns };
  const table = await createStaging(store, key, shape);
  try {
    const target = { key, table, columns, definition };
    const rows = await copyAll(store, target, snapshot, queryTimeoutMs, signal);
    await analyzeStaging(store, table, shape);
    if (rows >= MANY_ROWS)
      warnings.push(
        `The query gave ${rows} rows. Consider asking only for what changed, by {{last_sync_time}}.`,
      );
    return { table, columns, encoding: snapshot.encoding, rows, warnings };
  } catch (error) {
    // A copy that broke off can be large, and the next attempt makes its own. What can't be dropped now is swept later.
    await dropStaging(store, table).catch(() => false);
    throw error;
  }
}

async function copyAll(
  store: Store,
  target: Pick<OpenImport, 'key' | 'definition'> & { table: string; columns: Column[] },
  snapshot: Snapshot,
  queryTimeoutMs: number,
  signal: AbortSignal,
): Promise<number> {
  const meter: RowMeter = { rows: 0, maxRows: target.definition.maxRows };
  const progress = setInterval(() => {
    // Progress is a courtesy: if the store can't take it, the copy itself will say so.
    noteProgress(store, target.key, meter.rows).catch(() => undefined);
  }, 1_000);
  try {
    const stream = await snapshot.rows('main');
    const limitMs = queryTimeoutMs + COPY_MARGIN_MS;
    return await copyIntoStaging(
      store,
      { table: target.table, columns: target.columns.length, encoding: snapshot.encoding },
      stream,
      meter,
      limitMs,
      signal,
    );
  } finally {
    clearInterval(progress);
  }
}

/** The least of the source's bounds and Temporal's clock, less the overlap (docs/scheduling.md). */
function startOf(
  { definition }: OpenImport,
  { seconds, clock, bound, warnings: told }: StartTime,
  found: string[],
): Pick<StagedImport, 'startTime' | 'startBound' | 'warnings'> {
  const warnings = [...found, ...told];
  const temporal = Math.floor(activityInfo().currentAttemptScheduledTimestampMs / 1000);
  // An attempt may have waited for a worker since then, so the worker's own clock must agree that it is ahead.
  const isAhead = clock > Math.max(temporal, Date.now() / 1000) + MAX_CLOCK_AHEAD_S;
  if (isAhead) warnings.push(clockWarning(clock - temporal, definition.database));
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

async function adopt(store: Store, work: OpenImport, staged: StagedImport): Promise<Staging> {
  const winner = await adoptStaging(store, work.key, staged);
  if (winner.table !== staged.table) await dropStaging(store, staged.table);
  return winner;
}
