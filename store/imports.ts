import type pg from 'pg';
import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import type { Column } from '../sources/source.js';
import type { QueryName } from '../sources/source.js';
import type { Encoding } from './cells.js';
import { FencedOff, holdFence } from './fence.js';
import type { ImportRef } from './records.js';
import { bookkeeping, transaction, type Store } from './store.js';

/** What every step after opening works from: the copy that the import's row holds. */
export interface OpenImport {
  key: string;
  workspaceId: number;
  sync: string;
  number: number;
  definition: SyncDefinition;
  settings: WorkspaceSettings;
  lastSyncTime: number;
  staging: Staging | null;
}

/** The import as users know it. */
export const refOf = ({ definition, sync, number }: OpenImport): ImportRef => ({
  workspace: definition.workspace,
  sync,
  number,
});

/** The staging that won: that of the main query, and of the relationship query if there is one. */
export interface Staging extends StagedQuery {
  encoding: Encoding;
  relationships: StagedQuery | null;
}

/** One query's staging table, and the rows that it was promised to hold. */
export interface StagedQuery {
  table: string;
  columns: Column[];
  rows: number;
}

/** The staged queries in the order in which they are applied. */
export const stagedQueries = ({
  relationships,
  ...main
}: Staging): { query: QueryName; staged: StagedQuery }[] => [
  { query: 'main', staged: main },
  ...(relationships === null ? [] : [{ query: 'relationships' as const, staged: relationships }]),
];

interface ImportRow {
  workspace_id: number;
  sync: string;
  number: number;
  status: string;
  definition: SyncDefinition;
  settings: WorkspaceSettings;
  last_sync_time: number;
  staging: string | null;
  columns: Column[] | null;
  encoding: Encoding | null;
  rows_promised: number | null;
  relationships_staging: string | null;
  relationships_columns: Column[] | null;
  relationships_rows_promised: number | null;
}

/** @throws FencedOff if the import is not running any more */
export async function readOpenImport(store: Store, key: string): Promise<OpenImport> {
  return await readRunning(store.pool, key);
}

/** The same, in the caller's transaction. */
export async function readRunning(client: pg.ClientBase | pg.Pool, key: string): Promise<OpenImport> {
  const { rows } = await client.query<ImportRow>(
    `SELECT i.workspace_id, s.name AS sync, i.number, i.status, i.definition, i.settings, i.last_sync_time,
            i.staging, i.columns, i.encoding, i.rows_promised,
            i.relationships_staging, i.relationships_columns, i.relationships_rows_promised
     FROM inlet.import i JOIN inlet.sync s USING (sync_id) WHERE i.import_id = $1`,
    [key],
  );
  const row = rows[0];
  if (row?.status !== 'Running') throw new FencedOff();
  return {
    key,
    workspaceId: row.workspace_id,
    sync: row.sync,
    number: row.number,
    definition: row.definition,
    settings: row.settings,
    lastSyncTime: row.last_sync_time,
    staging: stagingOf(row),
  };
}

function stagingOf(row: ImportRow): Staging | null {
  const main = stagedQuery(row.staging, row.columns, row.rows_promised);
  if (main === null || row.encoding === null) return null;
  const { relationships_staging: table, relationships_columns: columns } = row;
  const relationships = stagedQuery(table, columns, row.relationships_rows_promised);
  return { ...main, encoding: row.encoding, relationships };
}

const stagedQuery = (
  table: string | null,
  columns: Column[] | null,
  rows: number | null,
): StagedQuery | null =>
  table === null || columns === null || rows === null ? null : { table, columns, rows };

export interface StagedImport extends Staging {
  startTime: number | null;
  startBound: string;
  warnings: string[];
}

/**
 * Puts an attempt's staging into the import's row, if it is the first. Its start time counts, then.
 * @returns the staging that counts: this attempt's or an earlier one's
 * @throws FencedOff
 */
export async function adoptStaging(store: Store, key: string, staged: StagedImport): Promise<Staging> {
  await transaction(store, bookkeeping, async (client) => {
    await holdFence(client, key);
    await client.query(
      `UPDATE inlet.import SET staging = $2, columns = $3, rows_promised = $4, rows_staged = $4 + coalesce($11::bigint, 0),
              start_time = $5, start_bound = $6, warnings = $7, encoding = $8, staged_at = now(),
              relationships_staging = $9, relationships_columns = $10, relationships_rows_promised = $11
       WHERE import_id = $1 AND staging IS NULL`,
      [
        key,
        staged.table,
        JSON.stringify(staged.columns),
        staged.rows,
        staged.startTime,
        staged.startBound,
        staged.warnings,
        staged.encoding,
        staged.relationships?.table ?? null,
        staged.relationships === null ? null : JSON.stringify(staged.relationships.columns),
        staged.relationships?.rows ?? null,
      ],
    );
  });
  const { staging } = await readOpenImport(store, key);
  if (staging === null) throw new FencedOff();
  return staging;
}

/**
 * Forgets a staging that is lost (an UNLOGGED table is empty after its server crashed), so that the query can be staged
 * again. Only while no chunk of it was applied: those that were can't be told from those that were not otherwise.
 * @returns false if some chunk was applied
 */
export async function forgetStaging(store: Store, key: string, table: string): Promise<boolean> {
  return await transaction(store, bookkeeping, async (client) => {
    await holdFence(client, key);
    await client.query('SELECT FROM inlet.import WHERE import_id = $1 FOR UPDATE', [key]);
    const applied = await client.query(
      'SELECT FROM inlet.chunk WHERE import_id = $1 AND applied_at IS NOT NULL LIMIT 1',
      [key],
    );
    if (applied.rowCount !== 0) return false;
    const forgotten = await client.query(
      `UPDATE inlet.import SET staging = NULL, columns = NULL, encoding = NULL, rows_promised = NULL, rows_staged = 0, staged_at = NULL,
              planned_at = NULL, relationships_staging = NULL, relationships_columns = NULL,
              relationships_rows_promised = NULL
       WHERE import_id = $1 AND staging = $2`,
      [key, table],
    );
    if (forgotten.rowCount === 1) await client.query('DELETE FROM inlet.chunk WHERE import_id = $1', [key]);
    return true;
  });
}

/** Keeps the queries as they are about to run, whatever becomes of them. */
export async function noteSql(
  store: Store,
  key: string,
  { main, relationships }: { main: string; relationships: string | null },
): Promise<void> {
  await store.pool.query(
    `UPDATE inlet.import SET sql = $2, relationships_sql = $3 WHERE import_id = $1 AND status = 'Running'`,
    [key, main, relationships],
  );
}

/** Shows how far copying has come; nothing depends on it. */
export async function noteProgress(store: Store, key: string, rowsStaged: number): Promise<void> {
  await store.pool.query(
    `UPDATE inlet.import SET rows_staged = $2 WHERE import_id = $1 AND status = 'Running' AND staging IS NULL`,
    [key, rowsStaged],
  );
}

/** Keeps in the log, and only there, what a database said: it may quote a cell. */
export async function noteDatabaseMessage(store: Store, key: string, message: string): Promise<void> {
  await store.pool.query(
    `UPDATE inlet.import SET database_message = left($2, 10000) WHERE import_id = $1 AND status = 'Running'`,
    [key, message],
  );
}
