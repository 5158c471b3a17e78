import type pg from 'pg';
import { trimFailures } from './failures.js';
import { FencedOff } from './fence.js';
import type { ImportStatus, RowCounts } from './records.js';
import { bookkeeping, only, transaction, type Store } from './store.js';
import { lockWorkspace } from './workspaces.js';

/** How an import came to its end, as the caller sees it; `applied` still has to add up. */
export type End = { status: 'applied' } | { status: 'Failed' | 'Canceled' | 'Skipped'; reason: string };

/** What became of an import; the same however often it is asked for. */
export interface Ended {
  sync: string;
  number: number;
  status: Exclude<ImportStatus, 'Running'>;
  reason: string | null;
  counts: RowCounts;
  endedAt: Date;
  /** The sync's `last_sync_time` if this import moved it. */
  lastSyncTime: number | null;
  /** The least number that no import of the sync has. */
  nextNumber: number;
}

/**
 * Closes an import: adds up its chunks, sets its status, lets go of the workspace, and moves the sync's
 * `last_sync_time` if it is Completed. Repeated, it gives what the first call gave.
 */
export async function closeImport(store: Store, key: string, end: End): Promise<Ended> {
  return await transaction(store, bookkeeping, async (client) => {
    const { workspaceId } = only(
      await client.query<{ workspaceId: number }>(
        'SELECT workspace_id AS "workspaceId" FROM inlet.import WHERE import_id = $1',
        [key],
      ),
    );
    await lockWorkspace(client, workspaceId);
    await endImport(client, key, end);
    return await readEnded(client, key);
  });
}

/** Closes an import in the caller's transaction, which holds the workspace's row. Does nothing if it is closed. */
export async function endImport(client: pg.ClientBase, key: string, end: End): Promise<void> {
  const { rows } = await client.query<{ status: string; promised: number | null }>(
    'SELECT status, rows_promised AS promised FROM inlet.import WHERE import_id = $1 FOR UPDATE',
    [key],
  );
  const before = rows[0];
  if (before === undefined) throw new FencedOff();
  if (before.status !== 'Running') return;
  const counts = await sumChunks(client, key);
  const { status, reason } = end.status === 'applied' ? verdict(counts, before.promised) : end;
  await client.query(
    `UPDATE inlet.import SET status = $2, reason = $3, rows = $4, added = $5, updated = $6, unchanged = $7, skipped = $8,
            superseded = $9, failed = $10, added_by_failed = $11, ended_at = now(),
            applied_at = (SELECT max(applied_at) FROM inlet.chunk c WHERE c.import_id = $1)
     WHERE import_id = $1`,
    [
      key,
      status,
      reason,
      counts.rows,
      counts.added,
      counts.updated,
      counts.unchanged,
      counts.skipped,
      counts.superseded,
      counts.failed,
      counts.addedByFailed,
    ],
  );
  await trimFailures(client, key);
  await client.query('UPDATE inlet.workspace SET active_import = NULL WHERE active_import = $1', [key]);
  if (status === 'Completed') await moveLastSyncTime(client, key);
}

type Sum = RowCounts & { addedByFailed: number; unapplied: number };

async function sumChunks(client: pg.ClientBase, key: string): Promise<Sum> {
  const names = [
    'rows',
    'added',
    'updated',
    'unchanged',
    'skipped',
    'superseded',
    'failed',
    'added_by_failed',
  ];
  const sums = names.map(
    (name) =>
      `coalesce(sum(${name}) FILTER (WHERE applied_at IS NOT NULL), 0)::bigint AS "${name === 'added_by_failed' ? 'addedByFailed' : name}"`,
  );
  return only(
    await client.query<Sum>(
      `SELECT ${sums.join(', ')}, count(*) FILTER (WHERE applied_at IS NULL) AS unapplied
       FROM inlet.chunk WHERE import_id = $1 AND query = 'main'`,
      [key],
    ),
  );
}

/** An import whose rows are not all accounted for is never called Completed. */
function verdict(counts: Sum, promised: number | null): { status: Ended['status']; reason: string | null } {
  const { rows, added, updated, unchanged, skipped, superseded, failed } = counts;
  const sum = added + updated + unchanged + skipped + superseded + failed;
  if (counts.unapplied > 0)
    return {
      status: 'Failed',
      reason: `${counts.unapplied} chunks were not applied. Trigger the sync again.`,
    };
  if (promised === null || rows !== promised || sum !== rows)
    return {
      status: 'Failed',
      reason: `The counts don't add up: ${promised ?? 'no'} rows were staged, ${rows} are in the ledger, ${sum} are accounted for. This is a bug in Inlet: please report it.`,
    };
  return { status: failed > 0 ? 'Some Rows Failed' : 'Completed', reason: null };
}

/** Never backwards, and not if the sync was deleted or reads from another database since. */
async function moveLastSyncTime(client: pg.ClientBase, key: string): Promise<void> {
  await client.query(
    `UPDATE inlet.sync s SET last_sync_time = i.start_time
     FROM inlet.import i
     WHERE i.import_id = $1 AND s.sync_id = i.sync_id AND s.deleted_at IS NULL AND i.start_time > s.last_sync_time
       AND s.definition->>'database' = i.definition->>'database' AND i.number >= s.first_number`,
    [key],
  );
}

/** What the log says of an import that has ended; one that never had the workspace has counts of 0. */
export async function readEnded(client: pg.ClientBase, key: string): Promise<Ended> {
  const row = only(
    await client.query<Omit<Ended, 'counts'> & RowCounts>(
      `SELECT s.name AS sync, i.number, i.status, i.reason, i.ended_at AS "endedAt",
              s.next_number AS "nextNumber",
              CASE WHEN i.status = 'Completed' AND s.last_sync_time = i.start_time THEN i.start_time END AS "lastSyncTime",
              coalesce(i.rows, 0) AS rows, coalesce(i.added, 0) AS added, coalesce(i.updated, 0) AS updated,
              coalesce(i.unchanged, 0) AS unchanged, coalesce(i.skipped, 0) AS skipped,
              coalesce(i.superseded, 0) AS superseded, coalesce(i.failed, 0) AS failed
       FROM inlet.import i JOIN inlet.sync s USING (sync_id) WHERE i.import_id = $1`,
      [key],
    ),
  );
  const { sync, number, status, reason, endedAt, lastSyncTime, nextNumber, ...counts } = row;
  return { sync, number, status, reason, endedAt, lastSyncTime, nextNumber, counts };
}
