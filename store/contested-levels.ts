import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { OutcomeCount } from './statement-result.js';

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
export async function levelByLevel(
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
