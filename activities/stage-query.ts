import { resolveDatabase, type WorkspaceFile } from '../config/workspace-file.js';
import { queriesOf } from '../config/sync-definition.js';
import { fillLastSyncTime } from '../sources/last-sync-time.js';
import { openSource } from '../sources/open-source.js';
import type { QueryName, Snapshot, Source } from '../sources/source.js';
import { checkColumns } from '../store/column-rules.js';
import {
  adoptStaging,
  noteProgress,
  noteSql,
  readOpenImport,
  refOf,
  type OpenImport,
  type StagedImport,
  type StagedQuery,
  type Staging,
} from '../store/imports.js';
import type { RowMeter } from '../store/row-meter.js';
import { subjectOf } from '../store/row-subject.js';
import {
  analyzeStaging,
  copyIntoStaging,
  createStaging,
  dropStaging,
  type StagingShape,
} from '../store/staging.js';
import type { Store } from '../store/store.js';
import type { Dependencies } from './dependencies.js';
import { failure } from './failures.js';
import { secondsSince, untold } from './import-events.js';
import { startOf } from './start-of-import.js';
import { openSubmission } from './submission.js';
import { spanAttributes, untraced, type Trace } from './trace.js';

const MANY_ROWS = 10_000_000;

/**
 * Copies the results of the import's queries, once, each into a staging table of this attempt's own, and puts these into
 * the import's row. If an earlier attempt was first, its staging counts and this one is dropped.
 * @throws SourceError, TooManyRows, FencedOff, ApplicationFailure `QueryRefused`, and pg's errors of the store
 */
export async function stageImport(
  dependencies: Pick<Dependencies, 'file' | 'store' | 'events' | 'trace'>,
  key: string,
  signal: AbortSignal,
): Promise<Staging> {
  const { store, trace = untraced } = dependencies;
  const work = await readOpenImport(store, key);
  if (work.staging !== null) return work.staging;
  return await trace.span('inlet.stage', spanAttributes(refOf(work)), () =>
    stageAnew(dependencies, work, signal),
  );
}

async function stageAnew(
  {
    file,
    store,
    events = untold,
    trace = untraced,
  }: Pick<Dependencies, 'file' | 'store' | 'events' | 'trace'>,
  work: OpenImport,
  signal: AbortSignal,
): Promise<Staging> {
  const { key } = work;
  const began = performance.now();
  const { connection, source } = openDatabase(file, work);
  try {
    const { lastSyncTime, definition } = work;
    const { query: main, relationships } = definition;
    await noteSql(store, key, {
      main: fillLastSyncTime(main, lastSyncTime),
      relationships: relationships === undefined ? null : fillLastSyncTime(relationships.query, lastSyncTime),
    });
    const readStart = () => source.startTime(signal);
    const { started, submission } = source.resumes
      ? await openSubmission(store, key, readStart)
      : { started: await readStart(), submission: undefined };
    const { queryTimeoutMs } = connection;
    const request = {
      main,
      ...(relationships !== undefined && { relationships: relationships.query }),
      lastSyncTime,
      queryTimeoutMs,
      ...(submission !== undefined && { submission }),
    };
    const snapshot = await trace.span('inlet.stage.query', spanAttributes(refOf(work)), () =>
      source.snapshot(request, signal),
    );
    try {
      const { bytes, ...staged } = await stageSnapshot({ store, trace, work, snapshot, signal });
      const winner = await adopt(store, work, { ...staged, ...startOf(work, started, staged.warnings) });
      if (winner.table === staged.table) {
        const relationships = staged.relationships?.rows ?? null;
        const facts = { rows: staged.rows, relationships, bytes, seconds: secondsSince(began) };
        events.staged(refOf(work), facts);
      }
      return winner;
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

/** Both queries are described before the first is read, so that nothing is copied for one that can't be imported. */
async function stageSnapshot(copying: Copying): Promise<Staging & { warnings: string[]; bytes: number }> {
  const { store, work, snapshot } = copying;
  const shapes = new Map<QueryName, StagingShape>();
  const warnings: string[] = [];
  for (const { name: query } of queriesOf(work.definition)) {
    const shape = await shapeOf(work, snapshot, query);
    shapes.set(query, shape);
    warnings.push(...shape.warnings);
  }
  let bytes = 0;
  const staged = new Map<QueryName, StagedQuery>();
  try {
    for (const [query, shape] of shapes) {
      const before = staged.get('main')?.rows ?? 0;
      const { bytes: copied, ...one } = await stageOne({ ...copying, query, shape, before }, (table) =>
        staged.set(query, { table, columns: shape.columns, rows: 0 }),
      );
      staged.set(query, one);
      bytes += copied;
      if (one.rows >= MANY_ROWS) warnings.push(manyRows(query, one.rows));
    }
  } catch (error) {
    // A copy that broke off can be large, and the next attempt makes its own. What can't be dropped now is swept later.
    for (const { table } of staged.values()) await dropStaging(store, table).catch(() => false);
    throw error;
  }
  const main = staged.get('main');
  if (main === undefined) throw new Error('The main query was not staged.');
  return {
    ...main,
    encoding: snapshot.encoding,
    relationships: staged.get('relationships') ?? null,
    warnings,
    bytes,
  };
}

async function shapeOf(
  { definition, settings }: OpenImport,
  snapshot: Snapshot,
  query: QueryName,
): Promise<StagingShape & { warnings: string[] }> {
  const columns = await snapshot.columns(query);
  const subject = subjectOf(definition, query);
  const { problems, warnings } = checkColumns(subject, settings, columns);
  if (problems.length > 0) throw failure('QueryRefused', problems.join(' '));
  return { subject, settings, columns, warnings };
}

interface Copying {
  store: Store;
  trace: Trace;
  work: OpenImport;
  snapshot: Snapshot;
  signal: AbortSignal;
}

interface Copy extends Copying {
  query: QueryName;
  shape: StagingShape;
  /** Rows that were copied before, of another query. */
  before: number;
}

/** @param made is told the table as soon as it is there */
async function stageOne(copy: Copy, made: (table: string) => void): Promise<StagedQuery & { bytes: number }> {
  const { store, trace, work, shape } = copy;
  const table = await createStaging(store, work.key, shape);
  made(table);
  const attributes = { ...spanAttributes(refOf(work)), 'inlet.query': copy.query };
  const { rows, bytes } = await trace.span('inlet.stage.copy', attributes, async (note) => {
    const copied = await copyAll(copy, table);
    note({ 'inlet.rows': copied.rows, 'inlet.bytes': copied.bytes });
    return copied;
  });
  await analyzeStaging(store, table, shape);
  return { table, columns: shape.columns, rows, bytes };
}

async function copyAll(
  { store, work, snapshot, signal, query, shape, before }: Copy,
  table: string,
): Promise<{ rows: number; bytes: number }> {
  const meter: RowMeter = { rows: 0, bytes: 0, maxRows: work.definition.maxRows, query };
  let isNoting = false;
  const progress = setInterval(() => {
    if (isNoting) return;
    isNoting = true;
    // Progress is a courtesy: if the store can't take it, the copy itself will say so.
    noteProgress(store, work.key, before + meter.rows)
      .catch(() => undefined)
      .finally(() => (isNoting = false));
  }, 1_000);
  try {
    const stream = await snapshot.rows(query);
    const target = { table, columns: shape.columns.length, encoding: snapshot.encoding };
    const rows = await copyIntoStaging(store, target, stream, meter, signal);
    return { rows, bytes: meter.bytes };
  } finally {
    clearInterval(progress);
  }
}

function manyRows(query: QueryName, rows: number): string {
  return `The ${query === 'main' ? '' : 'relationship '}query gave ${rows} rows. Consider asking only for what changed, by {{last_sync_time}}.`;
}

async function adopt(store: Store, work: OpenImport, staged: StagedImport): Promise<Staging> {
  const winner = await adoptStaging(store, work.key, staged);
  if (winner.table !== staged.table) {
    await dropStaging(store, staged.table);
    if (staged.relationships !== null) await dropStaging(store, staged.relationships.table);
  }
  return winner;
}
