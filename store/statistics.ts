import type pg from 'pg';
import { only } from './store.js';

/** Rows on a block of 8 kB that the planner may believe; fewer is a table seen empty. */
const LEAST_DENSITY = 0.1;
/** Below so many blocks, no plan is a bad one. */
const FEW_BLOCKS = 50;

/**
 * Mends the planner's statistics of a table where they say that it is next to empty and it isn't: whoever looked last did
 * so while what fills it was not committed. It would be read whole for every row, then. (Without any statistics the planner
 * reckons from the table's size, which serves.) Costs one look-up where nothing is wrong.
 * @param client in a transaction
 * @param table as an SQL name
 */
export async function mendStatistics(client: pg.ClientBase, table: string): Promise<void> {
  const { misled } = only(
    await client.query<{ misled: boolean }>(
      `SELECT reltuples >= 0 AND relpages > 0 AND reltuples / relpages < $2
              AND pg_relation_size(oid) > $3 * current_setting('block_size')::bigint AS misled
       FROM pg_class WHERE oid = $1::regclass`,
      [table, LEAST_DENSITY, FEW_BLOCKS],
    ),
  );
  // Another lane may be at it, and holds it until its chunk is done: to go on without would be to go by what misleads.
  if (misled) await client.query(`ANALYZE ${table}`);
}

/** How many blocks a table takes. */
export async function blocksOf(client: pg.ClientBase, table: string): Promise<number> {
  const { blocks } = only(
    await client.query<{ blocks: number }>(
      `SELECT pg_relation_size($1::regclass) / current_setting('block_size')::bigint AS blocks`,
      [table],
    ),
  );
  return blocks;
}

/** How many rows a table has. */
export async function countRows(client: pg.ClientBase, table: string): Promise<number> {
  return only(await client.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`)).rows;
}
