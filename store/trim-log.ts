import type { Store } from './store.js';

const ALWAYS_KEPT = 10;

/**
 * Forgets imports that are older than the workspace keeps them, but never the newest ten of a sync; and alerts that were
 * settled that long ago.
 * @returns how many imports were forgotten
 */
export async function trimLog(store: Store, workspace: string): Promise<number> {
  const { rowCount } = await store.pool.query(
    `DELETE FROM inlet.import i USING (
       SELECT import_id, row_number() OVER (PARTITION BY sync_id ORDER BY number DESC) AS age,
              ended_at < now() - make_interval(secs => w.keep_imports_ms / 1000.0) AS is_old
       FROM inlet.import JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1
     ) old
     WHERE i.import_id = old.import_id AND old.is_old AND old.age > $2`,
    [workspace, ALWAYS_KEPT],
  );
  await store.pool.query(
    `DELETE FROM inlet.alert a USING inlet.sync s, inlet.workspace w
     WHERE s.sync_id = a.sync_id AND w.workspace_id = s.workspace_id AND w.name = $1
       AND coalesce(a.delivered_at, a.given_up_at) < now() - make_interval(secs => w.keep_imports_ms / 1000.0)`,
    [workspace],
  );
  return rowCount ?? 0;
}
