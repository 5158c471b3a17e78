import { findImport } from '../../store/import-log.js';
import type { ImportRecord } from '../../store/records.js';
import type { SyncBasics } from '../../config/sync-definition.js';
import type { ImportInput } from '../../workflows/messages.js';
import type { ServedWorkspace } from './served-workspace.js';

/** Imports of one sync, one after the other, step by step as its workflows would carry them out. */
export interface ImportRuns {
  /**
   * Runs the next import to its end, with the `last_sync_time` that the ones before it have left.
   * @param afterStaging happens when the query's result is copied, and nothing of it is applied
   * @returns what the log says of it
   */
  next(afterStaging?: () => Promise<void>): Promise<ImportRecord>;
}

/** @param sync a sync of the workspace's file, with these changes */
export async function startRuns(
  served: ServedWorkspace,
  sync: string,
  changes: Partial<SyncBasics> = {},
): Promise<ImportRuns> {
  const written = served.file.syncs.get(sync);
  if (written === undefined) throw new Error(`the file has no sync "${sync}"`);
  const { settings } = served.file;
  const definition = { ...written, ...changes };
  const known = await served.run((activities) => activities.defineSync({ definition, settings }));
  let { nextNumber: number, lastSyncTime } = known;
  return {
    async next(afterStaging = () => Promise.resolve()) {
      const input: ImportInput = {
        definition,
        number,
        lastSyncTime,
        whenBusy: 'wait',
        cause: 'schedule',
        full: false,
        dueAt: Date.now(),
      };
      const opened = await served.run((activities) =>
        activities.openImport({ ...input, grantedAt: Date.now() }),
      );
      await served.run((activities) => activities.stageQuery(opened.key));
      await afterStaging();
      await served.run((activities) => activities.planChunks(opened.key));
      await served.run((activities) => activities.applyChunks(opened.key));
      const ended = await served.run((activities) =>
        activities.closeImport({ key: opened.key, ending: { kind: 'applied' } }),
      );
      const record = await findImport(served.store, { workspace: settings.name, sync, number });
      if (record === null) throw new Error(`the log has no import ${number}`);
      number += 1;
      lastSyncTime = ended.lastSyncTime ?? lastSyncTime;
      return record;
    },
  };
}
