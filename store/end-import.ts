import type pg from 'pg';
import { alertsDue } from './alert-changes.js';
import { trimFailures } from './failures.js';
import { FencedOff, ForgottenImport } from './fence.js';
import { excessSentence, findExcess } from './max-failures.js';
import { mirrorSegment } from './mirror-segment.js';
import { relationshipsOf } from './import-log.js';
import type { ImportTimes } from './phases.js';
import {
  outcomeNames,
  relationshipOutcomeNames,
  type ImportStatus,
  type RelationshipCounts,
  type RowCounts,
} from './records.js';
import { bookkeeping, only, transaction, type Store } from './store.js';
import { lockWorkspace } from './workspaces.js';

/** How an import came to its end, as the caller sees it; `applied` still has to add up, and to keep `maxFailures`. */
export type End = { status: 'applied' } | { status: 'Failed' | 'Canceled' | 'Skipped'; reason: string };

/** What became of an import; the same however often it is asked for, but for `isNews`. */
export interface Ended extends Omit<ImportTimes, 'status' | 'endedAt'> {
  /** True if this very call ended it: whoever counts ends counts each once. */
  isNews: boolean;
  workspace: string;
  sync: string;
  number: number;
  status: Exclude<ImportStatus, 'Running'>;
  reason: string | null;
  counts: RowCounts;
  /** Null if its sync has no relationship query. */
  relationships: RelationshipCounts | null;
  endedAt: Date;
  /** The sync's `last_sync_time` if this import moved it. */
  lastSyncTime: number | null;
  /** The least number that no import of the sync has. */
  nextNumber: number;
}

/**
 * Closes an import: adds up its chunks, sets its status, lets go of the workspace, and moves the sync's
 * `last_sync_time` if it is Completed. Repeated, it gives what the first call gave.
 * @throws ForgottenImport if the store has no such import
 */
export async function closeImport(store: Store, key: string, end: End): Promise<Ended> {
  return await transaction(store, bookkeeping, async (client) => {
    const { rows } = await client.query<{ workspaceId: number }>(
      'SELECT workspace_id AS "workspaceId" FROM inlet.import WHERE import_id = $1',
      [key],
    );
    if (rows[0] === undefined) throw new ForgottenImport();
    await lockWorkspace(client, rows[0].workspaceId);
    const isNews = await endImport(client, key, end);
    return await readEnded(client, key, isNews);
  });
}

/**
 * Closes an import in the caller's transaction, which holds the workspace's row.
 * @returns false if it was closed before; nothing is done then
 */
export async function endImport(client: pg.ClientBase, key: string, end: End): Promise<boolean> {
  const { rows } = await client.query<Promised & { status: string }>(
    `SELECT status, rows_promised AS main, relationships_rows_promised AS relationships
     FROM inlet.import WHERE import_id = $1 FOR UPDATE`,
    [key],
  );
  const before = rows[0];
  if (before === undefined) throw new FencedOff();
  if (before.status !== 'Running') return false;
  const sums = await sumChunks(client, key);
  let verdict = end.status === 'applied' ? ((await tooMany(client, key)) ?? verdictOn(sums, before)) : end;
  let membersRemoved = 0;
  if (verdict.status === 'Completed') {
    const mirrored = await mirrorSegment(client, key);
    if (mirrored.kind === 'left') membersRemoved = mirrored.members;
    else verdict = { status: 'Failed', reason: mirrored.reason };
  }
  await writeEnd(client, key, verdict, sums, membersRemoved);
  await trimFailures(client, key);
  await client.query('UPDATE inlet.workspace SET active_import = NULL WHERE active_import = $1', [key]);
  if (verdict.status === 'Completed') await moveLastSyncTime(client, key);
  return true;
}

/** Rows that staging promised; null where nothing was staged, or there is no relationship query. */
interface Promised {
  main: number | null;
  relationships: number | null;
}

interface Verdict {
  status: Ended['status'];
  reason: string | null;
}

async function writeEnd(
  client: pg.ClientBase,
  key: string,
  { status, reason }: Verdict,
  { main, relationships, addedByFailed, membersAdded, hasRelationships }: Sums,
  membersRemoved: number,
): Promise<void> {
  const counts = {
    status,
    reason,
    rows: main.rows,
    added: main.added,
    updated: main.updated,
    unchanged: main.unchanged,
    skipped: main.skipped,
    superseded: main.superseded,
    failed: main.failed,
    added_by_failed: addedByFailed,
    members_added: membersAdded,
    members_removed: membersRemoved,
    ...(hasRelationships && {
      relationship_rows: relationships.rows,
      related: relationships.related,
      changed: relationships.changed,
      relationships_unchanged: relationships.unchanged,
      removed: relationships.removed,
      relationships_superseded: relationships.superseded,
      relationships_failed: relationships.failed,
    }),
  };
  const set = Object.keys(counts).map((column, index) => `${column} = $${index + 2}`);
  await client.query(
    `UPDATE inlet.import SET ${set.join(', ')}, ended_at = now(), alerts_due = ${alertsDue('import.workspace_id')},
            applied_at = (SELECT max(applied_at) FROM inlet.chunk c WHERE c.import_id = $1)
     WHERE import_id = $1`,
    [key, ...Object.values(counts)],
  );
}

interface Sums {
  main: RowCounts;
  relationships: RelationshipCounts;
  /** Whether the import's definition has a relationship query at all. */
  hasRelationships: boolean;
  addedByFailed: number;
  membersAdded: number;
  unapplied: number;
}

const mainCounts = ['rows', ...outcomeNames] as const;
const relationshipCounts = ['rows', ...relationshipOutcomeNames] as const;

/** What the applied chunks come to. */
async function sumChunks(client: pg.ClientBase, key: string): Promise<Sums> {
  const sum = (column: string, of: 'main' | 'relationships') =>
    `coalesce(sum(${column}) FILTER (WHERE applied_at IS NOT NULL AND query = '${of}'), 0)::bigint`;
  const object = (columns: readonly string[], of: 'main' | 'relationships') =>
    `jsonb_build_object(${columns.map((column) => `'${column}', ${sum(column, of)}`).join(', ')})`;
  return only(
    await client.query<Sums>(
      `SELECT ${object(mainCounts, 'main')} AS main, ${object(relationshipCounts, 'relationships')} AS relationships,
              (SELECT definition ? 'relationships' FROM inlet.import WHERE import_id = $1) AS "hasRelationships",
              ${sum('added_by_failed', 'main')} AS "addedByFailed", ${sum('members_added', 'main')} AS "membersAdded",
              count(*) FILTER (WHERE applied_at IS NULL) AS unapplied
       FROM inlet.chunk WHERE import_id = $1`,
      [key],
    ),
  );
}

/** Whether more rows failed than the import's `maxFailures` allows: then it is Failed, however much was applied. */
async function tooMany(client: pg.ClientBase, key: string): Promise<Verdict | null> {
  const excess = await findExcess(client, key);
  return excess === null ? null : { status: 'Failed', reason: excessSentence(excess) };
}

/** An import whose rows are not all accounted for is never called Completed. */
function verdictOn({ main, relationships, unapplied }: Sums, promised: Promised): Verdict {
  if (unapplied > 0)
    return { status: 'Failed', reason: `${unapplied} chunks were not applied. Trigger the sync again.` };
  const { added, updated, unchanged, skipped } = main;
  const { related, changed, removed } = relationships;
  const wrong =
    notAddingUp('', promised.main, main, added + updated + unchanged + skipped) ??
    (promised.relationships === null && relationships.rows === 0
      ? null
      : notAddingUp(
          ' of the relationship query',
          promised.relationships,
          relationships,
          related + changed + relationships.unchanged + removed,
        ));
  if (wrong !== null) return { status: 'Failed', reason: wrong };
  return { status: main.failed + relationships.failed > 0 ? 'Some Rows Failed' : 'Completed', reason: null };
}

/** @param others the outcomes that the two queries don't have in common */
function notAddingUp(
  query: string,
  promised: number | null,
  { rows, superseded, failed }: { rows: number; superseded: number; failed: number },
  others: number,
): string | null {
  const sum = others + superseded + failed;
  if (promised !== null && rows === promised && sum === rows) return null;
  return `The counts${query} don't add up: ${promised ?? 'no'} rows were staged, ${rows} are in the ledger, ${sum} are accounted for. This is a bug in Inlet: please report it.`;
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

/**
 * What the log says of an import that has ended; one that never had the workspace has counts of 0.
 * @param isNews whether the caller's transaction ended it
 */
export async function readEnded(client: pg.ClientBase, key: string, isNews: boolean): Promise<Ended> {
  const row = only(
    await client.query<Omit<Ended, 'counts' | 'isNews'> & RowCounts>(
      `SELECT w.name AS workspace, s.name AS sync, i.number, i.status, i.reason, i.due_at AS "dueAt",
              i.opened_at AS "openedAt", i.staged_at AS "stagedAt", i.planned_at AS "plannedAt",
              i.applied_at AS "appliedAt", i.ended_at AS "endedAt", s.next_number AS "nextNumber",
              CASE WHEN i.status = 'Completed' AND s.last_sync_time = i.start_time THEN i.start_time END AS "lastSyncTime",
              coalesce(i.rows, 0) AS rows, coalesce(i.added, 0) AS added, coalesce(i.updated, 0) AS updated,
              coalesce(i.unchanged, 0) AS unchanged, coalesce(i.skipped, 0) AS skipped,
              coalesce(i.superseded, 0) AS superseded, coalesce(i.failed, 0) AS failed,
              ${relationshipsOf('i')} AS relationships
       FROM inlet.import i JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w ON w.workspace_id = i.workspace_id
       WHERE i.import_id = $1`,
      [key],
    ),
  );
  const { rows, added, updated, unchanged, skipped, superseded, failed, ...rest } = row;
  return { ...rest, isNews, counts: { rows, added, updated, unchanged, skipped, superseded, failed } };
}
