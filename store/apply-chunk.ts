import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { QueryName } from '../sources/source.js';
import { trimFailures } from './failures.js';
import { readScope } from './import-scope.js';
import { importTables, tablesLookedUp } from './import-tables.js';
import type { StagedQuery } from './imports.js';
import type { StagedWork } from './ledger.js';
import type { PlannedChunk } from './plan.js';
import { rowsOf } from './row-sql.js';
import { subjectOf } from './row-subject.js';
import { statementFor } from './row-statement.js';
import type { Outcome, OutcomeCount } from './statement-result.js';
import { mendStatistics } from './statistics.js';
import { hasSqlState, only } from './store.js';

/** A chunk of the ledger, by its query and number. */
export interface Chunk extends PlannedChunk {
  query: QueryName;
  chunk: number;
}

/** The sums of one chunk's outcomes, and its failed rows by reason code. */
export type ChunkCounts = Record<Outcome | 'contested' | 'joined' | 'addedByFailed', number> & {
  reasons: Record<string, number>;
};

/** Applies the staged rows of one chunk in the caller's transaction, and gives what became of them. */
export async function applyChunk(
  client: pg.ClientBase,
  work: StagedWork,
  staged: StagedQuery,
  chunk: Chunk,
): Promise<ChunkCounts> {
  const { kind } = chunk;
  if (kind === 'settled') return { ...summed([]), unchanged: chunk.rows };
  // Plans from the statistics of a fresh staging table pick merge and hash joins over all people, and from those of an
  // empty workspace a scan of everybody, who may be many before the chunk is through: the indexes win. No key comes
  // twice, so remembering who was found is for nothing.
  await client.query(
    `SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_bitmapscan = off;
     SET LOCAL enable_seqscan = off; SET LOCAL enable_material = off; SET LOCAL enable_memoize = off; SET LOCAL join_collapse_limit = 1;
     SET LOCAL work_mem = '64MB'`,
  );
  const { definition, settings } = work;
  const rows = rowsOf(subjectOf(definition, chunk.query), settings, staged.columns, work.staging.encoding);
  const tables = importTables(staged.table);
  for (const table of tablesLookedUp(rows.kind, tables)) await mendStatistics(client, table);
  const { sql, within } = statementFor({
    tables,
    rows,
    definition,
    settings,
    scope: await readScope(client, work),
  });
  const room = await failuresLeft(client, work, chunk);
  const values = (first: number, last: number) => [within, work.key, first, last, room];
  if (kind !== 'contested') {
    const { marked } = chunk;
    const apply = (fresh: boolean) =>
      client.query<OutcomeCount>(sql({ of: kind, marked, fresh }), values(chunk.first, chunk.last));
    return summed([chunk.fresh ? await hopefully(client, apply) : await apply(false)]);
  }
  const levels = await levelsOf(client, tables.marks, chunk);
  const byLevel = sql({ of: 'contested', marked: false, fresh: false });
  const counts = summed(await levelByLevel(client, byLevel, levels, values));
  if (counts.failed > 0) await trimFailures(client, work.key);
  return counts;
}

/** The form for a workspace that has nothing yet; the one for all cases if somebody else wrote meanwhile. */
async function hopefully<T>(client: pg.ClientBase, apply: (fresh: boolean) => Promise<T>): Promise<T> {
  await client.query('SAVEPOINT fresh');
  try {
    return await apply(true);
  } catch (error) {
    if (!hasSqlState(error, UNIQUE_VIOLATION)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT fresh');
    return await apply(false);
  }
}

const UNIQUE_VIOLATION = '23505';

function summed(results: pg.QueryResult<OutcomeCount>[]): ChunkCounts {
  const counts: ChunkCounts = {
    added: 0,
    updated: 0,
    unchanged: 0,
    skipped: 0,
    superseded: 0,
    failed: 0,
    related: 0,
    changed: 0,
    removed: 0,
    contested: 0,
    joined: 0,
    addedByFailed: 0,
    reasons: {},
  };
  for (const { outcome, reason, rows, added_by_failed } of results.flatMap((result) => result.rows)) {
    counts[outcome] += rows;
    counts.addedByFailed += added_by_failed;
    if (reason !== null) counts.reasons[reason] = (counts.reasons[reason] ?? 0) + rows;
  }
  return counts;
}

/** A level's positions, both ends included. */
export interface Level {
  first: number;
  last: number;
}

/** The levels among positions of contested rows, in order. */
export async function levelsOf(
  client: pg.ClientBase,
  marks: string,
  { first, last }: Level,
): Promise<Level[]> {
  const { rows } = await client.query<Level>(
    `SELECT min(position) AS first, max(position) AS last FROM ${marks}
     WHERE position BETWEEN $1 AND $2 GROUP BY level ORDER BY 1`,
    [first, last],
  );
  return rows;
}

/** Levels go to the store in batches of so many levels, or of not many more than so many rows. */
const BATCH_LEVELS = 200;
const BATCH_ROWS = 500;

/**
 * One level after the other. Levels can be as many as the contested rows, so the statement is planned once for a batch of
 * them; but no longer, for a plan that was good for an empty workspace would look through everybody who was added since.
 */
async function levelByLevel(
  client: pg.ClientBase,
  statement: string,
  levels: Level[],
  values: (first: number, last: number) => (string | number)[],
): Promise<pg.QueryResult<OutcomeCount>[]> {
  await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
  const results: pg.QueryResult<OutcomeCount>[] = [];
  for (const batch of batchesOf(levels)) {
    // A prepared statement outlives a transaction that fails, so another chunk of this connection needs another name.
    const name = `inlet_levels_${randomBytes(8).toString('hex')}`;
    const executions = batch.map(({ first, last }) => `EXECUTE ${name} (${values(first, last).join(', ')})`);
    const done = await manyResults(
      client,
      [
        `PREPARE ${name} (int, bigint, bigint, bigint, int) AS ${statement}`,
        ...executions,
        `DEALLOCATE ${name}`,
      ].join(';\n'),
    );
    results.push(...done);
  }
  return results;
}

/** pg gives a list of results for several statements; its types don't know of that. */
async function manyResults(
  client: pg.ClientBase,
  statements: string,
): Promise<pg.QueryResult<OutcomeCount>[]> {
  const results: pg.QueryResult<OutcomeCount> | pg.QueryResult<OutcomeCount>[] =
    await client.query<OutcomeCount>(statements);
  return Array.isArray(results) ? results : [results];
}

function batchesOf(levels: Level[]): Level[][] {
  const batches: Level[][] = [];
  let batch: Level[] = [];
  let size = 0;
  for (const level of levels) {
    batch.push(level);
    size += level.last - level.first + 1;
    if (batch.length < BATCH_LEVELS && size < BATCH_ROWS) continue;
    batches.push(batch);
    batch = [];
    size = 0;
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

/**
 * How many failures of one statement may be among the first `keepFailures` of the import: chunks go in any order, and so
 * do the rows of contested ones, so only the failures of rows that are known to be earlier count.
 */
async function failuresLeft(
  client: pg.ClientBase,
  { key, settings }: StagedWork,
  chunk: Chunk,
): Promise<number> {
  if (chunk.kind === 'contested') return settings.keepFailures;
  const { before } = only(
    await client.query<{ before: number }>(
      `SELECT coalesce(sum(failed), 0)::bigint AS before FROM inlet.chunk
       WHERE import_id = $1 AND kind <> 'contested' AND (query, chunk) < ($2, $3)`,
      [key, chunk.query, chunk.chunk],
    ),
  );
  return Math.max(0, settings.keepFailures - before);
}
