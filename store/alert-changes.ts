import type pg from 'pg';
import { alertText } from './alert-body.js';
import {
  judge,
  type Condition,
  type Held,
  type JudgedImport,
  type Judgement,
  type Known,
} from './alert-rules.js';
import { DECIDING_IMPORTS } from './deciding-imports.js';
import { relationshipsOf } from './import-log.js';
import type { RowCounts } from './records.js';
import { bookkeeping, only, transaction, type Store } from './store.js';

/** What a workspace's file says of alerts, as far as the store must know. */
export interface Watching {
  workspace: string;
  /** How long `last_sync_time` may be held back, in milliseconds. */
  afterMs: number;
}

/**
 * An import that ends while alerts are on is due to be judged. On means that a worker whose file has `alerts` looked at
 * the workspace of late; each such worker does so before it ends an import. An SQL expression.
 * @param workspace SQL of the workspace's number
 */
export const alertsDue = (workspace: string) =>
  `(SELECT true FROM inlet.alert_watch a WHERE a.workspace_id = ${workspace} AND a.checked_at > now() - interval '15 minutes')`;

/**
 * Judges what changed in a workspace since the last time, and writes the alerts of it to the outbox, in one transaction
 * that holds the workspace's watch: any number of workers may do so at once.
 * @param paused what syncs said that an earlier call named
 * @returns the syncs of which must be known whether they are paused
 */
export async function noticeChanges(
  store: Store,
  { workspace, afterMs }: Watching,
  paused: ReadonlyMap<string, boolean> = new Map(),
): Promise<string[]> {
  return await transaction(store, bookkeeping, async (client) => {
    const watch = await lockWatch(client, workspace);
    if (watch === null) return [];
    const { workspaceId, now } = watch;
    const undecided: string[] = [];
    for (const watched of await readSyncs(client, workspaceId)) {
      const judgement = judge(watched.known, watched.imports, {
        now,
        afterMs,
        paused: paused.get(watched.sync),
      });
      await writeJudgement(client, { ...watched, workspace }, judgement);
      if (judgement.askWhetherPaused) undecided.push(watched.sync);
    }
    await client.query(
      'UPDATE inlet.alert_watch SET checked_at = clock_timestamp() WHERE workspace_id = $1',
      [workspaceId],
    );
    return undecided;
  });
}

/** Null for a workspace that is not in the store yet. */
async function lockWatch(
  client: pg.ClientBase,
  workspace: string,
): Promise<{ workspaceId: number; now: Date } | null> {
  await client.query(
    `INSERT INTO inlet.alert_watch (workspace_id, checked_at)
     SELECT workspace_id, '-infinity' FROM inlet.workspace WHERE name = $1 ON CONFLICT DO NOTHING`,
    [workspace],
  );
  const { rows } = await client.query<{ workspaceId: number }>(
    `SELECT a.workspace_id AS "workspaceId" FROM inlet.alert_watch a JOIN inlet.workspace w USING (workspace_id)
     WHERE w.name = $1 FOR UPDATE OF a`,
    [workspace],
  );
  const [row] = rows;
  if (row === undefined) return null;
  // Only now: the lock may have been waited for.
  const { now } = only(await client.query<{ now: Date }>('SELECT clock_timestamp() AS now'));
  return { ...row, now };
}

interface WatchedSync {
  syncId: number;
  sync: string;
  name: string;
  known: Known;
  nextNumber: number;
  imports: JudgedImport[];
}

type SyncRow = Omit<WatchedSync, 'known' | 'imports'> & {
  judged: number;
  pausedAt: Date | null;
};

/** The syncs that are not deleted, and that nobody can delete meanwhile. */
async function readSyncs(client: pg.ClientBase, workspaceId: number): Promise<WatchedSync[]> {
  const syncs = await client.query<SyncRow>(
    `SELECT s.sync_id AS "syncId", s.name AS sync, s.definition->>'name' AS name, coalesce(a.judged, 0) AS judged,
            coalesce(a.next_number, 1) AS "nextNumber", a.paused_at AS "pausedAt"
     FROM inlet.sync s LEFT JOIN inlet.alert_sync a USING (sync_id)
     WHERE s.workspace_id = $1 AND s.deleted_at IS NULL ORDER BY s.sync_id FOR SHARE OF s`,
    [workspaceId],
  );
  const conditions = await client.query<Held & { syncId: number; condition: Condition }>(
    `SELECT c.sync_id AS "syncId", c.condition, c.since, c.import_number AS import, c.told
     FROM inlet.alert_condition c JOIN inlet.sync s USING (sync_id) WHERE s.workspace_id = $1`,
    [workspaceId],
  );
  const imports = await readImports(client, workspaceId);
  return syncs.rows.map(({ judged, pausedAt, ...sync }) => ({
    ...sync,
    known: {
      judged,
      pausedAt,
      conditions: new Map(
        conditions.rows
          .filter(({ syncId }) => syncId === sync.syncId)
          .map(({ condition, since, import: by, told }) => [condition, { since, import: by, told }]),
      ),
    },
    imports: imports.get(sync.syncId) ?? [],
  }));
}

type ImportRow = Omit<JudgedImport, 'counts' | 'definition'> & { syncId: number; overlapSeconds: number } & {
  [Count in keyof RowCounts]: number | null;
};

/** The imports of each sync that decide how it is, newest first. */
async function readImports(client: pg.ClientBase, workspaceId: number): Promise<Map<number, JudgedImport[]>> {
  const { rows } = await client.query<ImportRow>(
    `SELECT s.sync_id AS "syncId", i.number, i.status, i.reason, i.intervals, i.accepted_at AS "acceptedAt",
            i.start_time AS "startTime", i.start_bound AS "startBound", i.opened_at AS "openedAt", i.due_at AS "dueAt",
            i.ended_at AS "endedAt", i.alerts_due AS due, (i.definition->>'overlapSeconds')::float AS "overlapSeconds",
            i.rows, i.added, i.updated, i.unchanged, i.skipped, i.superseded, i.failed,
            ${relationshipsOf('i')} AS relationships
     FROM inlet.sync s CROSS JOIN LATERAL (${DECIDING_IMPORTS}) i
     WHERE s.workspace_id = $1 AND s.deleted_at IS NULL ORDER BY s.sync_id, i.number DESC`,
    [workspaceId],
  );
  const bySync = new Map<number, JudgedImport[]>();
  for (const row of rows) {
    const imports = bySync.get(row.syncId) ?? [];
    imports.push(toJudged(row));
    bySync.set(row.syncId, imports);
  }
  return bySync;
}

function toJudged(row: ImportRow): JudgedImport {
  const { rows, added, updated, unchanged, skipped, superseded, failed, overlapSeconds, ...rest } = row;
  const counts = { rows, added, updated, unchanged, skipped, superseded, failed };
  return {
    ...rest,
    definition: { overlapSeconds },
    counts: isCounted(counts) ? counts : null,
  };
}

const isCounted = (counts: { [Count in keyof RowCounts]: number | null }): counts is RowCounts =>
  Object.values(counts).every((count) => count !== null);

/** Writes only what is new: nearly always, nothing is. */
async function writeJudgement(
  client: pg.ClientBase,
  sync: WatchedSync & { workspace: string },
  { known, changes, judged }: Judgement,
): Promise<void> {
  const { syncId } = sync;
  const before = sync.known;
  let number = sync.nextNumber;
  for (const change of changes) {
    const { type, body } = alertText(change, { ...sync, number });
    await client.query(
      `INSERT INTO inlet.alert (sync_id, number, type, recovered_from, import_number, body)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        syncId,
        number,
        type,
        change.kind === 'recovered' ? change.condition : null,
        change.import.number,
        body,
      ],
    );
    number += 1;
  }
  if (judged.length > 0)
    await client.query(
      'UPDATE inlet.import SET alerts_due = false WHERE sync_id = $1 AND number = ANY($2) AND alerts_due',
      [syncId, judged],
    );
  if (known.judged !== before.judged || number !== sync.nextNumber || known.pausedAt !== before.pausedAt)
    await client.query(
      `INSERT INTO inlet.alert_sync (sync_id, judged, next_number, paused_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (sync_id) DO UPDATE
       SET judged = excluded.judged, next_number = excluded.next_number, paused_at = excluded.paused_at`,
      [syncId, known.judged, number, known.pausedAt],
    );
  for (const condition of before.conditions.keys())
    if (known.conditions.get(condition) !== before.conditions.get(condition))
      await client.query('DELETE FROM inlet.alert_condition WHERE sync_id = $1 AND condition = $2', [
        syncId,
        condition,
      ]);
  for (const [condition, held] of known.conditions)
    if (before.conditions.get(condition) !== held)
      await client.query(
        `INSERT INTO inlet.alert_condition (sync_id, condition, since, import_number, told)
         VALUES ($1, $2, $3, $4, $5)`,
        [syncId, condition, held.since, held.import, held.told],
      );
}
