import type pg from 'pg';
import type { FailureCount, FailureRecord, ImportRef } from './records.js';
import { only, type Store } from './store.js';

/** Of one import: follows a table that has its `import_id`. */
const ofImport = `
  JOIN inlet.import i USING (import_id) JOIN inlet.sync s USING (sync_id)
  JOIN inlet.workspace w ON w.workspace_id = i.workspace_id
  WHERE w.name = $1 AND s.name = $2 AND i.number = $3`;

/** How many failures there are of each reason, those too that are not kept; most first. */
export async function countFailures(store: Store, ref: ImportRef): Promise<FailureCount[]> {
  const { rows } = await store.pool.query<FailureCount>(
    `SELECT c.query, r.reason, sum(r.count::bigint)::bigint AS count
     FROM inlet.chunk c CROSS JOIN LATERAL jsonb_each_text(c.reasons) AS r(reason, count)
     ${ofImport}
     GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    [ref.workspace, ref.sync, ref.number],
  );
  return rows;
}

/** How many failures of an import are kept whole. */
export async function countKeptFailures(store: Store, ref: ImportRef): Promise<number> {
  const { count } = only(
    await store.pool.query<{ count: number }>(
      `SELECT count(*) AS count FROM inlet.import_failure ${ofImport}`,
      [ref.workspace, ref.sync, ref.number],
    ),
  );
  return count;
}

const PAGE = 1_000;

/**
 * All kept failures in the order of the rows, read page by page in constant memory. Pages are of one import by its key: by
 * its names, the planner may read and sort all that is left for each of them.
 */
export async function* readFailures(store: Store, ref: ImportRef): AsyncGenerator<FailureRecord> {
  const key = await keyOf(store, ref);
  if (key === null) return;
  let after: { query: string; rowNumber: number } = { query: '', rowNumber: 0 };
  for (;;) {
    const { rows } = await store.pool.query<FailureRecord>(
      `SELECT f.query, f.row_number AS "rowNumber", f.key, f.column_name AS "column", f.value, f.reason, f.message,
              f.collides_with AS "collidesWith", f.written, f."row"::text AS "row" FROM inlet.import_failure f
       WHERE f.import_id = $1 AND (f.query, f.row_number) > ($2, $3::bigint)
       ORDER BY f.query, f.row_number LIMIT $4`,
      [key, after.query, after.rowNumber, PAGE],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last;
  }
}

async function keyOf(store: Store, { workspace, sync, number }: ImportRef): Promise<string | null> {
  const { rows } = await store.pool.query<{ key: string }>(
    `SELECT i.import_id::text AS key
     FROM inlet.import i JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w ON w.workspace_id = i.workspace_id
     WHERE w.name = $1 AND s.name = $2 AND i.number = $3`,
    [workspace, sync, number],
  );
  return rows[0]?.key ?? null;
}

/**
 * Forgets the failures that are not among the first `keepFailures` of an import. Chunks go in any order, so each keeps
 * what may be among them; further chunks only push more of them out.
 */
export async function trimFailures(client: pg.ClientBase, key: string): Promise<void> {
  await client.query(
    `DELETE FROM inlet.import_failure
     WHERE import_id = $1 AND (query, row_number) >= (
       SELECT query, row_number FROM inlet.import_failure WHERE import_id = $1
       ORDER BY query, row_number
       OFFSET (SELECT (settings->>'keepFailures')::int FROM inlet.import WHERE import_id = $1) LIMIT 1
     )`,
    [key],
  );
}
