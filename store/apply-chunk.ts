import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { applyPeople, type OutcomeCount } from './apply-people.js';
import { trimFailures } from './failures.js';
import { importTables } from './import-tables.js';
import type { StagedWork } from './ledger.js';
import type { PeopleRows } from './row-sql.js';
import { only } from './store.js';

/** A chunk of the ledger. */
export interface Chunk {
  chunk: number;
  contested: boolean;
  first: number;
  last: number;
  rowsPromised: number;
  rows: number;
}

/** The sums of one chunk's outcomes. */
export type ChunkCounts = Record<OutcomeCount['outcome'] | 'addedByFailed', number>;

/** Applies the staged rows of one chunk in the caller's transaction, and gives what became of them. */
export async function applyChunk(
  client: pg.ClientBase,
  work: StagedWork,
  rows: PeopleRows,
  chunk: Chunk,
): Promise<ChunkCounts> {
  // Plans from the statistics of a fresh staging table pick merge and hash joins over all people, and from those of an
  // empty workspace a scan of everybody, who may be many before the chunk is through: the indexes win.
  await client.query(
    `SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_bitmapscan = off;
     SET LOCAL enable_seqscan = off;
     SET LOCAL work_mem = '64MB'`,
  );
  const range = chunk.contested ? 'levels' : 'blocks';
  const statement = applyPeople(
    {
      tables: importTables(work.staging.table),
      rows,
      mode: work.definition.mode,
      settings: work.settings,
    },
    range,
  );
  const counts: ChunkCounts = {
    added: 0,
    updated: 0,
    unchanged: 0,
    skipped: 0,
    superseded: 0,
    failed: 0,
    contested: 0,
    addedByFailed: 0,
  };
  const room = await failuresLeft(client, work, chunk);
  const values = (first: number, last: number) => [work.workspaceId, work.key, first, last, room];
  const results = chunk.contested
    ? levelByLevel(client, statement, await batchesOf(client, work, chunk), values)
    : [await client.query<OutcomeCount>(statement, values(chunk.first, chunk.last))];
  for await (const result of results)
    for (const row of result.rows) {
      counts[row.outcome] += row.rows;
      counts.addedByFailed += row.added_by_failed;
    }
  if (chunk.contested && counts.failed > 0) await trimFailures(client, work.key);

  return counts;
}

/** Levels go to the store in batches of so many levels, or of not many more than so many rows. */
const BATCH_LEVELS = 200;
const BATCH_ROWS = 500;

/**
 * One level after the other. Levels can be as many as the contested rows, so the statement is planned once for a batch of
 * them; but no longer, for a plan that was good for an empty workspace would look through everybody who was added since.
 */
async function* levelByLevel(
  client: pg.ClientBase,
  statement: string,
  batches: number[][],
  values: (first: number, last: number) => (string | number)[],
): AsyncGenerator<pg.QueryResult<OutcomeCount>> {
  await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
  for (const levels of batches) {
    // A prepared statement outlives a transaction that fails, so another chunk of this connection needs another name.
    const name = `inlet_levels_${randomBytes(8).toString('hex')}`;
    const executions = levels.map((level) => `EXECUTE ${name} (${values(level, level).join(', ')})`);
    const results = await manyResults(
      client,
      [
        `PREPARE ${name} (int, bigint, bigint, bigint, int) AS ${statement}`,
        ...executions,
        `DEALLOCATE ${name}`,
      ].join(';\n'),
    );
    yield* results;
  }
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

/** Levels in order, cut into batches. */
async function batchesOf(client: pg.ClientBase, work: StagedWork, chunk: Chunk): Promise<number[][]> {
  const { rows } = await client.query<{ level: number; count: number }>(
    `SELECT level, count(*) AS count FROM ${importTables(work.staging.table).marks}
     WHERE level BETWEEN $1 AND $2 GROUP BY level ORDER BY level`,
    [chunk.first, chunk.last],
  );
  const batches: number[][] = [];
  let batch: number[] = [];
  let size = 0;
  for (const { level, count } of rows) {
    batch.push(level);
    size += count;
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
  if (chunk.contested) return settings.keepFailures;
  const { before } = only(
    await client.query<{ before: number }>(
      `SELECT coalesce(sum(failed), 0)::bigint AS before FROM inlet.chunk
       WHERE import_id = $1 AND query = 'main' AND NOT contested AND chunk < $2`,
      [key, chunk.chunk],
    ),
  );
  return Math.max(0, settings.keepFailures - before);
}
