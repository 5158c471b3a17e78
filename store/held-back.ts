import { DECIDING_IMPORTS } from './deciding-imports.js';
import { heldBackSince, startedAt, type LoggedImport } from './sync-health.js';
import type { Store } from './store.js';

/** A sync as monitoring sees it. */
export interface SyncHealth {
  sync: string;
  hasRelationships: boolean;
  /** Unix seconds. */
  lastSyncTime: number;
  /** When the newest Completed import ended; null if the log has none. */
  completedAt: Date | null;
  /** When the import began that `last_sync_time` is held back since; null if it is not held back. */
  heldBackSince: Date | null;
}

interface Row extends Omit<SyncHealth, 'heldBackSince'> {
  imports: HoldBackRow[];
}

/** As JSON gives it: times are milliseconds since the epoch. */
type HoldBackRow = Omit<LoggedImport, 'acceptedAt' | 'openedAt' | 'dueAt'> &
  Record<'acceptedAt' | 'openedAt', number | null> & { dueAt: number };

/**
 * Reads from the log how the syncs of a workspace are, without those that were deleted.
 */
export async function readSyncHealth(store: Store, workspace: string): Promise<SyncHealth[]> {
  const milliseconds = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;
  const { rows } = await store.pool.query<Row>(
    `SELECT s.name AS sync, s.definition ? 'relationships' AS "hasRelationships", s.last_sync_time AS "lastSyncTime",
            (SELECT ended_at FROM inlet.import c WHERE c.sync_id = s.sync_id AND c.status = 'Completed'
             ORDER BY c.number DESC LIMIT 1) AS "completedAt",
            coalesce(recent.imports, '[]') AS imports
     FROM inlet.sync s JOIN inlet.workspace w USING (workspace_id)
     CROSS JOIN LATERAL (
       SELECT json_agg(json_build_object(
                'number', i.number, 'intervals', i.intervals, 'status', i.status, 'acceptedAt', ${milliseconds('i.accepted_at')}, 'startTime', i.start_time,
                'startBound', i.start_bound, 'openedAt', ${milliseconds('i.opened_at')},
                'dueAt', ${milliseconds('i.due_at')},
                'definition', json_build_object('overlapSeconds', i.definition->'overlapSeconds'))
              ORDER BY i.number DESC) AS imports
       FROM (${DECIDING_IMPORTS}) i
     ) recent
     WHERE w.name = $1 AND s.deleted_at IS NULL ORDER BY s.name`,
    [workspace],
  );
  return rows.map(({ imports, ...sync }) => {
    const first = heldBackSince(imports.map(loggedImport));
    return { ...sync, heldBackSince: first === undefined ? null : startedAt(first) };
  });
}

function loggedImport({ acceptedAt, openedAt, dueAt, ...rest }: HoldBackRow): LoggedImport {
  return {
    ...rest,
    acceptedAt: acceptedAt === null ? null : new Date(acceptedAt),
    openedAt: openedAt === null ? null : new Date(openedAt),
    dueAt: new Date(dueAt),
  };
}
