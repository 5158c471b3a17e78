import type pg from 'pg';
import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import { prepareSegment } from './import-scope.js';
import { bookkeeping, only, transaction, type Store } from './store.js';

/** A setting can't be changed any more. */
export class SettingsRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SettingsRefused';
  }
}

/** Gives the key of a workspace, making it with default settings if it isn't there. */
export async function ensureWorkspace(client: pg.ClientBase, name: string): Promise<number> {
  await client.query(
    `INSERT INTO inlet.workspace (name, identifiers, allow_email_updates_using_id, keep_imports_ms, keep_failures)
     VALUES ($1, '{email,id}', false, 7776000000, 100000) ON CONFLICT (name) DO NOTHING`,
    [name],
  );
  const { id } = only(
    await client.query<{ id: number }>('SELECT workspace_id AS id FROM inlet.workspace WHERE name = $1', [
      name,
    ]),
  );
  return id;
}

/** Locks the workspace row against everybody who applies, opens or closes. */
export async function lockWorkspace(
  client: pg.ClientBase,
  workspaceId: number,
): Promise<{ activeImport: string | null }> {
  return only(
    await client.query<{ activeImport: string | null }>(
      'SELECT active_import::text AS "activeImport" FROM inlet.workspace WHERE workspace_id = $1 FOR UPDATE',
      [workspaceId],
    ),
  );
}

/** Gives the key of a sync, making it if it isn't there. */
export async function ensureSync(
  client: pg.ClientBase,
  workspaceId: number,
  name: string,
  definition: SyncDefinition,
): Promise<number> {
  await client.query(
    'INSERT INTO inlet.sync (workspace_id, name, definition) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, name) DO NOTHING',
    [workspaceId, name, JSON.stringify(definition)],
  );
  const { id } = only(
    await client.query<{ id: number }>(
      'SELECT sync_id AS id FROM inlet.sync WHERE workspace_id = $1 AND name = $2',
      [workspaceId, name],
    ),
  );
  return id;
}

export interface SavedSync {
  /** True if the sync was not there, or was deleted. */
  created: boolean;
  /** The definition that this one replaced. */
  former: SyncDefinition | null;
  nextNumber: number;
  lastSyncTime: number;
}

/**
 * Saves a sync's definition and its workspace's settings. A sync that reads from another database than before starts
 * with `last_sync_time` 0.
 * @throws SettingsRefused if `identifiers` would change although there are people, SegmentMissing if the workspace has
 *   no such segment and the sync may not make it; nothing is changed then
 */
export async function saveSync(
  store: Store,
  definition: SyncDefinition,
  settings: WorkspaceSettings,
): Promise<SavedSync> {
  return await transaction(store, bookkeeping, async (client) => {
    const workspaceId = await ensureWorkspace(client, settings.name);
    await saveSettings(client, workspaceId, settings);
    const { rows } = await client.query<{ definition: SyncDefinition; deleted: boolean }>(
      `SELECT definition, deleted_at IS NOT NULL AS deleted FROM inlet.sync
       WHERE workspace_id = $1 AND name = $2 FOR UPDATE`,
      [workspaceId, definition.sync],
    );
    await prepareSegment(client, workspaceId, definition);
    const former = rows[0]?.deleted === false ? rows[0].definition : null;
    const syncId = await ensureSync(client, workspaceId, definition.sync, definition);
    const moved = former !== null && former.database !== definition.database;
    const saved = only(
      await client.query<{ nextNumber: number; lastSyncTime: number }>(
        `UPDATE inlet.sync SET definition = $2, deleted_at = NULL,
                last_sync_time = CASE WHEN $3 THEN 0 ELSE last_sync_time END,
                first_number = CASE WHEN $3 THEN next_number ELSE first_number END
         WHERE sync_id = $1 RETURNING next_number AS "nextNumber", last_sync_time AS "lastSyncTime"`,
        [syncId, JSON.stringify(definition), moved],
      ),
    );
    return { created: former === null, former, ...saved };
  });
}

async function saveSettings(
  client: pg.ClientBase,
  workspaceId: number,
  settings: WorkspaceSettings,
): Promise<void> {
  const { changes } = only(
    await client.query<{ changes: boolean }>(
      `SELECT identifiers <> $2::text[] AND EXISTS (SELECT FROM inlet.person WHERE workspace_id = $1) AS changes
       FROM inlet.workspace WHERE workspace_id = $1 FOR UPDATE`,
      [workspaceId, [...settings.identifiers].sort()],
    ),
  );
  if (changes)
    throw new SettingsRefused(
      `workspace.identifiers can't change any more, because the workspace "${settings.name}" has people. Put the former value back, or use another workspace name.`,
    );
  await client.query(
    `UPDATE inlet.workspace SET identifiers = $2, allow_email_updates_using_id = $3, keep_imports_ms = $4, keep_failures = $5
     WHERE workspace_id = $1`,
    [
      workspaceId,
      [...settings.identifiers].sort(),
      settings.allowEmailUpdatesUsingId,
      settings.keepImportsMs,
      settings.keepFailures,
    ],
  );
}

/** After `delete`: the log stays, the numbers go on, `last_sync_time` is 0, and nothing is known of how it went. */
export async function forgetSync(store: Store, workspace: string, sync: string): Promise<void> {
  await store.pool.query(
    `WITH forgotten AS (
       UPDATE inlet.sync s SET deleted_at = now(), last_sync_time = 0, first_number = next_number
       FROM inlet.workspace w WHERE w.workspace_id = s.workspace_id AND w.name = $1 AND s.name = $2
       RETURNING s.sync_id
     )
     DELETE FROM inlet.alert_condition c USING forgotten f WHERE c.sync_id = f.sync_id`,
    [workspace, sync],
  );
}
