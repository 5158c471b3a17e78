import type { SyncDefinition } from '../config/sync-definition.js';
import { DECIDING_IMPORTS } from './deciding-imports.js';
import type { ImportRecord, ImportRef, RowCounts, SyncRecord } from './records.js';
import type { Store } from './store.js';

/** A row as the statement below gives it: counts are flat, and null until the import has ended. */
type Row = Omit<ImportRecord, 'counts'> & { [Count in keyof RowCounts]: number | null };

/** SQL of an import's `RelationshipCounts`, or NULL. */
export const relationshipsOf = (
  alias: string,
) => `CASE WHEN ${alias}.relationship_rows IS NOT NULL THEN json_build_object(
    'rows', ${alias}.relationship_rows, 'related', ${alias}.related, 'changed', ${alias}.changed,
    'unchanged', ${alias}.relationships_unchanged, 'removed', ${alias}.removed,
    'superseded', ${alias}.relationships_superseded, 'failed', ${alias}.relationships_failed) END`;

const importColumns = `
  w.name AS workspace, s.name AS sync, i.number, i.status, i.reason, i.database_message AS "databaseMessage", i.cause,
  i.is_full AS "full", i.intervals, i.definition, i.last_sync_time AS "lastSyncTime", i.sql,
  i.relationships_sql AS "relationshipsSql", ${relationshipsOf('i')} AS relationships,
  i.start_time AS "startTime", i.start_bound AS "startBound", i.warnings,
  i.rows, i.added, i.updated, i.unchanged, i.skipped, i.superseded, i.failed,
  coalesce(nullif(i.added_by_failed, 0), l.added_by_failed) AS "addedByFailed",
  coalesce(nullif(i.members_added, 0), l.members_added) AS "membersAdded", i.members_removed AS "membersRemoved",
  i.rows_staged AS "rowsStaged", l.rows_applied AS "rowsApplied", l.chunks, l.chunks_applied AS "chunksApplied",
  i.due_at AS "dueAt", i.opened_at AS "openedAt", i.staged_at AS "stagedAt", i.planned_at AS "plannedAt",
  i.applied_at AS "appliedAt", i.ended_at AS "endedAt", i.accepted_at AS "acceptedAt"`;

const fromImports = `
  FROM inlet.import i JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w ON w.workspace_id = i.workspace_id
  CROSS JOIN LATERAL (
    SELECT count(*) AS chunks, count(*) FILTER (WHERE applied_at IS NOT NULL) AS chunks_applied,
           coalesce(sum(rows) FILTER (WHERE applied_at IS NOT NULL), 0)::bigint AS rows_applied,
           coalesce(sum(added_by_failed), 0)::bigint AS added_by_failed,
           coalesce(sum(members_added), 0)::bigint AS members_added
    FROM inlet.chunk c WHERE c.import_id = i.import_id
  ) l`;

function toRecord(row: Row): ImportRecord {
  const { rows, added, updated, unchanged, skipped, superseded, failed, ...rest } = row;
  if (
    rows === null ||
    added === null ||
    updated === null ||
    unchanged === null ||
    skipped === null ||
    superseded === null ||
    failed === null
  )
    return { ...rest, counts: null };
  return { ...rest, counts: { rows, added, updated, unchanged, skipped, superseded, failed } };
}

/** The newest imports of one sync, or of all syncs of the workspace, newest first. */
export async function listImports(
  store: Store,
  which: { workspace: string; sync?: string; limit: number },
): Promise<ImportRecord[]> {
  const { rows } = await store.pool.query<Row>(
    `SELECT ${importColumns} ${fromImports}
     WHERE w.name = $1 AND ($2::text IS NULL OR s.name = $2)
     ORDER BY i.sync_id, i.number DESC LIMIT $3`,
    [which.workspace, which.sync ?? null, which.limit],
  );
  return rows.map(toRecord);
}

/** The imports of a sync that say how it is, newest first; none from before it read from another database. */
export async function listDecidingImports(
  store: Store,
  { workspace, sync }: { workspace: string; sync: string },
): Promise<ImportRecord[]> {
  const { rows } = await store.pool.query<Row>(
    `SELECT ${importColumns} ${fromImports}
     WHERE w.name = $1 AND s.name = $2 AND i.number IN (SELECT number FROM (${DECIDING_IMPORTS}) d)
     ORDER BY i.number DESC`,
    [workspace, sync],
  );
  return rows.map(toRecord);
}

/** One import, or null if the log has none of that number. */
export async function findImport(store: Store, ref: ImportRef): Promise<ImportRecord | null> {
  const { rows } = await store.pool.query<Row>(
    `SELECT ${importColumns} ${fromImports} WHERE w.name = $1 AND s.name = $2 AND i.number = $3`,
    [ref.workspace, ref.sync, ref.number],
  );
  return rows[0] === undefined ? null : toRecord(rows[0]);
}

/** The import with the highest number, whatever its status. */
export async function latestImport(
  store: Store,
  { workspace, sync }: { workspace: string; sync: string },
): Promise<ImportRecord | null> {
  const [newest] = await listImports(store, { workspace, sync, limit: 1 });
  return newest ?? null;
}

/** All syncs that the workspace ever had, by name, deleted ones too. */
export async function listSyncs(store: Store, workspace: string): Promise<SyncRecord[]> {
  const { rows } = await store.pool.query<{
    sync: string;
    definition: SyncDefinition;
    lastSyncTime: number;
    deletedAt: Date | null;
  }>(
    `SELECT s.name AS sync, s.definition, s.last_sync_time AS "lastSyncTime", s.deleted_at AS "deletedAt"
     FROM inlet.sync s JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1 ORDER BY s.name`,
    [workspace],
  );
  return await Promise.all(
    rows.map(async (row) => ({
      workspace,
      ...row,
      latest: await latestImport(store, { workspace, sync: row.sync }),
    })),
  );
}
