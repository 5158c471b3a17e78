import type pg from 'pg';
import type { SyncDefinition } from '../config/sync-definition.js';
import { endImport, readEnded, type Ended } from './end-import.js';
import { FencedOff } from './fence.js';
import { bookkeeping, only, transaction, type Store } from './store.js';
import { ensureSync, ensureWorkspace, lockWorkspace } from './workspaces.js';

export interface Opening {
  definition: SyncDefinition;
  number: number;
  cause: 'schedule' | 'trigger';
  full: boolean;
  lastSyncTime: number;
  dueAt: number;
  grantedAt: number;
}

export type Opened =
  | {
      kind: 'open';
      key: string;
      /** False if an earlier call has opened it. */
      isNews: boolean;
      /** The abandoned import that had to be closed for it. */
      closed: Ended | null;
    }
  /** Another import is active; the caller finds out whether its workflow is open. */
  | { kind: 'taken'; by: { key: string; sync: string; number: number } };

/**
 * Makes an import the workspace's active one and copies the sync's definition and the workspace's settings into its row
 * of the log. Repeated, it gives the same key.
 * @param abandoned key of an active import whose workflow is known to be closed: it is closed in the log as Failed
 * @throws FencedOff if the import was opened and has ended already
 */
export async function openImport(store: Store, opening: Opening, abandoned?: string): Promise<Opened> {
  const { workspace, sync } = opening.definition;
  return await transaction(store, bookkeeping, async (client) => {
    const workspaceId = await ensureWorkspace(client, workspace);
    const fence = await lockWorkspace(client, workspaceId);
    const syncId = await ensureSync(client, workspaceId, sync, opening.definition);
    const own = await findOwn(client, syncId, opening);
    if (own !== null) {
      if (own.status !== 'Running') throw new FencedOff();
      return { kind: 'open', key: own.key, isNews: false, closed: null };
    }
    let closed: Ended | null = null;
    if (fence.activeImport !== null) {
      if (fence.activeImport !== abandoned)
        return { kind: 'taken', by: await nameOf(client, fence.activeImport) };
      const isNews = await endImport(client, fence.activeImport, {
        status: 'Failed',
        reason: 'abandoned: its workflow ended without closing it.',
      });
      closed = await readEnded(client, fence.activeImport, isNews);
    }
    const key = await insertImport(client, { ...opening, workspaceId, syncId });
    await client.query('UPDATE inlet.workspace SET active_import = $2 WHERE workspace_id = $1', [
      workspaceId,
      key,
    ]);
    return { kind: 'open', key, isNews: true, closed };
  });
}

/** The import's own row, if an earlier attempt has made it. */
async function findOwn(
  client: pg.ClientBase,
  syncId: number,
  { number }: Opening,
): Promise<{ key: string; status: string } | null> {
  const { rows } = await client.query<{ key: string; status: string }>(
    'SELECT import_id::text AS key, status FROM inlet.import WHERE sync_id = $1 AND number = $2',
    [syncId, number],
  );
  return rows[0] ?? null;
}

async function nameOf(
  client: pg.ClientBase,
  key: string,
): Promise<{ key: string; sync: string; number: number }> {
  const { sync, number } = only(
    await client.query<{ sync: string; number: number }>(
      'SELECT s.name AS sync, i.number FROM inlet.import i JOIN inlet.sync s USING (sync_id) WHERE i.import_id = $1',
      [key],
    ),
  );
  return { key, sync, number };
}

/**
 * It has opened now, not when its transaction began: that may have waited for the workspace's former import to close.
 * Temporal's `last_sync_time` is ahead of the store's only if the store was restored from a backup: what it lost is asked
 * for again (docs/operating.md), and all of it where the store has only read from another database.
 */
async function insertImport(
  client: pg.ClientBase,
  opening: Opening & { workspaceId: number; syncId: number },
): Promise<string> {
  const { key } = only(
    await client.query<{ key: string }>(
      `INSERT INTO inlet.import (workspace_id, sync_id, number, status, cause, is_full, definition, settings,
                                 last_sync_time, due_at, granted_at, opened_at)
       SELECT $1, $2, $3, 'Running', $4, $5, $6::jsonb, inlet.workspace_settings(w),
              CASE WHEN s.definition->>'database' = $6::jsonb->>'database'
                   THEN least($7::bigint, s.last_sync_time) ELSE 0 END,
              to_timestamp($8::double precision / 1000), to_timestamp($9::double precision / 1000), clock_timestamp()
       FROM inlet.workspace w, inlet.sync s WHERE w.workspace_id = $1 AND s.sync_id = $2
       RETURNING import_id::text AS key`,
      [
        opening.workspaceId,
        opening.syncId,
        opening.number,
        opening.cause,
        opening.full,
        JSON.stringify(opening.definition),
        opening.lastSyncTime,
        opening.dueAt,
        opening.grantedAt,
      ],
    ),
  );
  await client.query('UPDATE inlet.sync SET next_number = greatest(next_number, $2 + 1) WHERE sync_id = $1', [
    opening.syncId,
    opening.number,
  ]);
  return key;
}
