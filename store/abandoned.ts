import { endImport, readEnded, type Ended } from './end-import.js';
import { bookkeeping, transaction, type Store } from './store.js';
import { lockWorkspace } from './workspaces.js';

export interface RunningImport {
  key: string;
  workspaceId: number;
  sync: string;
  number: number;
}

/** The imports that the log calls Running in one workspace. */
export async function runningImports(store: Store, workspace: string): Promise<RunningImport[]> {
  const { rows } = await store.pool.query<RunningImport>(
    `SELECT i.import_id::text AS key, i.workspace_id AS "workspaceId", s.name AS sync, i.number
     FROM inlet.import i JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w ON w.workspace_id = i.workspace_id
     WHERE w.name = $1 AND i.status = 'Running'`,
    [workspace],
  );
  return rows;
}

/** Closes in the log an import whose workflow is known to be closed: nobody else will. */
export async function closeAbandoned(store: Store, { key, workspaceId }: RunningImport): Promise<Ended> {
  return await transaction(store, bookkeeping, async (client) => {
    await lockWorkspace(client, workspaceId);
    const isNews = await endImport(client, key, {
      status: 'Failed',
      reason: 'abandoned: its workflow ended without closing it.',
    });
    return await readEnded(client, key, isNews);
  });
}
