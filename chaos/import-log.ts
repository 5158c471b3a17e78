import type pg from 'pg';

/** An import as the store's log has it; counts are null where it never came to them. */
export interface LogEntry {
  sync: string;
  number: number;
  status: string;
  reason: string | null;
  lastSyncTime: number;
  startTime: number | null;
  openedAt: Date | null;
  endedAt: Date | null;
  rows: number | null;
  superseded: number | null;
  relationshipRows: number | null;
  /** What it wrote: the sums over a round are those of a run without a fault, however many imports it took. */
  written: Record<'added' | 'updated' | 'related' | 'changed' | 'removed' | 'joined', number>;
}

/** Imports after the `after`th of the log, in the order in which they began. */
export async function readLog(store: pg.Pool, after: number): Promise<LogEntry[]> {
  const { rows } = await store.query<LogEntry>(
    `SELECT s.name AS sync, i.number, i.status, i.reason, i.last_sync_time::float AS "lastSyncTime", i.start_time::float AS "startTime",
            i.opened_at AS "openedAt", i.ended_at AS "endedAt", i.rows::int, i.superseded::int,
            i.relationship_rows::int AS "relationshipRows",
            jsonb_build_object('added', coalesce(i.added, 0), 'updated', coalesce(i.updated, 0), 'related', coalesce(i.related, 0),
                               'changed', coalesce(i.changed, 0), 'removed', coalesce(i.removed, 0),
                               'joined', coalesce(i.members_added, 0)) AS written
     FROM inlet.import i JOIN inlet.sync s USING (sync_id) WHERE i.import_id > $1 ORDER BY i.import_id`,
    [after],
  );
  return rows;
}

/** Where the log ends: every import from now on comes after it. */
export async function endOfLog(store: pg.Pool): Promise<number> {
  const { rows } = await store.query<{ last: number }>(
    'SELECT coalesce(max(import_id), 0)::float AS last FROM inlet.import',
  );
  return rows[0]?.last ?? 0;
}

/** What the imports of one sync wrote in all. */
export function sumWritten(entries: LogEntry[], sync: string): LogEntry['written'] {
  const sum = { added: 0, updated: 0, related: 0, changed: 0, removed: 0, joined: 0 };
  for (const { written } of entries.filter((entry) => entry.sync === sync)) {
    sum.added += written.added;
    sum.updated += written.updated;
    sum.related += written.related;
    sum.changed += written.changed;
    sum.removed += written.removed;
    sum.joined += written.joined;
  }
  return sum;
}
