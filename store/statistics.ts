import type pg from 'pg';
import { only } from './store.js';

/** Rows on a block of 8 kB that the planner may believe; fewer is a table seen empty. */
const LEAST_DENSITY = 0.1;
/** Below so many blocks, no plan is a bad one. */
const FEW_BLOCKS = 50;

/**
 * Mends the planner's statistics of a table where there are none, or they say that it is next to empty and it isn't:
 * autovacuum may not have come yet, or have looked while what fills it was not committed. It would be read whole for
 * every row, then. Costs one look-up where nothing is wrong.
 * @param client in a transaction
 * @param table as an SQL name
 */
export async function mendStatistics(client: pg.ClientBase, table: string): Promise<void> {
  const { misled } = only(
    await client.query<{ misled: boolean }>(
      `SELECT (reltuples < 0 OR relpages > 0 AND reltuples / relpages < $2)
              AND pg_relation_size(oid) > $3 * current_setting('block_size')::bigint AS misled
       FROM pg_class WHERE oid = $1::regclass`,
      [table, LEAST_DENSITY, FEW_BLOCKS],
    ),
  );
  if (misled) await client.query(`ANALYZE (SKIP_LOCKED) ${table}`);
}
