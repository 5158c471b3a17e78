import type pg from 'pg';
import { bookkeeping, transaction, type Store } from './store.js';
import type { ImportRef, ImportStatus } from './records.js';

/** `last_sync_time` can't be moved past an import; the message says why, and nothing is changed. */
export class AcceptRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AcceptRefused';
  }
}

/** What accepting an import did: `last_sync_time` before and after, in Unix seconds. */
export interface Accepted {
  formerly: number;
  lastSyncTime: number;
  /** How many rows of the import failed, and won't be asked for again. */
  failed: number;
}

interface Row {
  syncId: number;
  deleted: boolean;
  lastSyncTime: number;
  importKey: string | null;
  status: ImportStatus;
  failed: number;
  startTime: number | null;
  /** True if the import is of the sync's present life and database. */
  counts: boolean;
}

/**
 * Moves a sync's `last_sync_time` past an import that is `Some Rows Failed`, whose failures the user takes as they are;
 * never backwards. Repeated, it changes nothing more (docs/commands.md).
 * @throws AcceptRefused
 */
export async function acceptImport(store: Store, { workspace, sync, number }: ImportRef): Promise<Accepted> {
  return await transaction(store, bookkeeping, async (client) => {
    const row = await read(client, { workspace, sync, number });
    if (row === undefined || row.deleted) throw new AcceptRefused(`The sync "${sync}" is not applied.`);
    const { syncId, importKey, startTime, failed, lastSyncTime: formerly } = row;
    const refusal = whyNot(row, `Import ${number} of "${sync}"`);
    if (refusal !== null || startTime === null) throw new AcceptRefused(refusal ?? '');
    await client.query('UPDATE inlet.sync SET last_sync_time = $2 WHERE sync_id = $1', [syncId, startTime]);
    await client.query(
      'UPDATE inlet.import SET accepted_at = coalesce(accepted_at, now()) WHERE import_id = $1',
      [importKey],
    );
    return { formerly, lastSyncTime: startTime, failed };
  });
}

/** Holds the sync's row, as whatever else moves its `last_sync_time` does. */
async function read(client: pg.ClientBase, { workspace, sync, number }: ImportRef): Promise<Row | undefined> {
  const { rows } = await client.query<Row>(
    `SELECT s.sync_id AS "syncId", s.deleted_at IS NOT NULL AS deleted, s.last_sync_time AS "lastSyncTime",
            i.import_id::text AS "importKey", i.status, coalesce(i.failed, 0) + coalesce(i.relationships_failed, 0) AS failed, i.start_time AS "startTime",
            i.number >= s.first_number AND i.definition->>'database' = s.definition->>'database' AS counts
     FROM inlet.sync s JOIN inlet.workspace w USING (workspace_id)
     LEFT JOIN inlet.import i ON i.sync_id = s.sync_id AND i.number = $3
     WHERE w.name = $1 AND s.name = $2 FOR UPDATE OF s`,
    [workspace, sync, number],
  );
  return rows[0];
}

function whyNot(row: Row, theImport: string): string | null {
  const { importKey, status, startTime, lastSyncTime, counts } = row;
  if (importKey === null) return `${theImport} is not in the log.`;
  if (status !== 'Some Rows Failed') return `${theImport} is ${status}: ${onlySomeRowsFailed[status]}`;
  if (!counts)
    return `${theImport} is from before the sync was deleted, or read from another database: last_sync_time can't move past it.`;
  if (startTime === null)
    return `${theImport} has no start time that last_sync_time could move to; "inlet import" says what held it.`;
  if (startTime < lastSyncTime)
    return `last_sync_time is past ${theImport.replace('Import', 'import')} already, and never moves backwards.`;
  return null;
}

const onlySomeRowsFailed: Record<Exclude<ImportStatus, 'Some Rows Failed'>, string> = {
  Running: 'only one that has ended as Some Rows Failed can be accepted.',
  Completed: 'it has no failed rows to accept.',
  Failed: 'not all of its rows were applied, so last_sync_time can not move past it. Trigger the sync again.',
  Skipped: 'it asked for no rows, so there is nothing to accept.',
  Canceled:
    'not all of its rows were applied, so last_sync_time can not move past it. Trigger the sync again.',
};
