import type pg from 'pg';
import { alertsDue } from './alert-changes.js';
import { endImport, readEnded, type Ended } from './end-import.js';
import type { Opening } from './open-import.js';
import { bookkeeping, only, transaction, type Store } from './store.js';
import { ensureSync, ensureWorkspace, lockWorkspace } from './workspaces.js';

export interface Unopened extends Omit<Opening, 'grantedAt'> {
  status: 'Skipped' | 'Canceled' | 'Failed';
  reason: string;
  /** How many intervals the entry stands for. */
  intervals: number;
}

/**
 * Writes the log's row of an import that did not get to work. Repeated, it is the same row; and if the import was opened
 * after all, unseen by who asked for it, it is closed.
 * @returns what the log says now, which is an earlier ending if there was one
 */
export async function logUnopened(store: Store, entry: Unopened): Promise<Ended> {
  const { workspace, sync } = entry.definition;
  return await transaction(store, bookkeeping, async (client) => {
    const workspaceId = await ensureWorkspace(client, workspace);
    const syncId = await ensureSync(client, workspaceId, sync, entry.definition);
    const written = await client.query(
      `INSERT INTO inlet.import (workspace_id, sync_id, number, status, reason, cause, is_full, intervals, definition,
                                 settings, last_sync_time, due_at, ended_at, alerts_due)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, inlet.workspace_settings(w), $10,
              to_timestamp($11::double precision / 1000), now(), ${alertsDue('$1')}
       FROM inlet.workspace w WHERE w.workspace_id = $1
       ON CONFLICT (sync_id, number) DO NOTHING`,
      [
        workspaceId,
        syncId,
        entry.number,
        entry.status,
        entry.reason,
        entry.cause,
        entry.full,
        entry.intervals,
        JSON.stringify(entry.definition),
        entry.lastSyncTime,
        entry.dueAt,
      ],
    );
    await client.query(
      'UPDATE inlet.sync SET next_number = greatest(next_number, $2 + 1) WHERE sync_id = $1',
      [syncId, entry.number],
    );
    const isClosed = await closeIfOpen(client, workspaceId, syncId, entry);
    const { key } = only(
      await client.query<{ key: string }>(
        'SELECT import_id::text AS key FROM inlet.import WHERE sync_id = $1 AND number = $2',
        [syncId, entry.number],
      ),
    );
    return await readEnded(client, key, isClosed || written.rowCount === 1);
  });
}

async function closeIfOpen(
  client: pg.ClientBase,
  workspaceId: number,
  syncId: number,
  { number, status, reason }: Unopened,
): Promise<boolean> {
  const { rows } = await client.query<{ key: string }>(
    `SELECT import_id::text AS key FROM inlet.import WHERE sync_id = $1 AND number = $2 AND status = 'Running'`,
    [syncId, number],
  );
  if (rows[0] === undefined) return false;
  await lockWorkspace(client, workspaceId);
  return await endImport(client, rows[0].key, { status, reason });
}
