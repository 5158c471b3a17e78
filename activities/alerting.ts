import { WorkflowNotFoundError } from '@temporalio/client';
import { nextAlerts } from '../store/alert-outbox.js';
import { noticeChanges } from '../store/alert-changes.js';
import { alertId, syncId, syncStatus } from '../workflows/messages.js';
import type { Dependencies } from './dependencies.js';

const ANSWER_WITHIN_MS = 10_000;

/**
 * Looks what changed in the workspace since the last time, writes the alerts of it to the outbox, and sees to it that
 * they are delivered (docs/alerts.md). Does nothing where the file has no `alerts`.
 */
export async function lookForAlerts(dependencies: Dependencies): Promise<void> {
  const { file, store } = dependencies;
  if (file.alerts === undefined) return;
  const watching = { workspace: file.settings.name, afterMs: file.alerts.afterMs };
  const undecided = await noticeChanges(store, watching);
  if (undecided.length > 0) {
    const paused = await arePaused(dependencies, undecided);
    await noticeChanges(store, watching, paused);
  }
  await startDeliveries(dependencies);
}

/**
 * Alerts are on from now, if the file has them: what ends next is told. For who is about to end an import, since the store
 * may have been away for so long that nobody could look.
 */
export async function keepWatch({ file, store }: Dependencies): Promise<void> {
  if (file.alerts === undefined) return;
  await noticeChanges(store, { workspace: file.settings.name, afterMs: file.alerts.afterMs });
}

/** Starts the workflow of the next alert of each sync; one that is started already is left alone. */
export async function startDeliveries({ file, store, client, taskQueue }: Dependencies): Promise<void> {
  for (const { workspace, sync, number } of await nextAlerts(store, file.settings.name)) {
    await client.workflow.start('AlertWorkflow', {
      workflowId: alertId(workspace, sync, number),
      taskQueue,
      args: [{ workspace, sync, number }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      // The outbox knows what is delivered; if its workflow was terminated, it goes on.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `alert ${number} of ${sync}`,
    });
  }
}

/** Of a sync that gives no answer nothing is known; it is asked again the next time. */
async function arePaused(
  { client, file }: Dependencies,
  syncs: readonly string[],
): Promise<Map<string, boolean>> {
  const paused = new Map<string, boolean>();
  for (const sync of syncs) {
    try {
      const handle = client.workflow.getHandle(syncId(file.settings.name, sync));
      const status = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => handle.query(syncStatus));
      paused.set(sync, status.paused !== undefined);
    } catch (error) {
      // Its workflow is gone, though nobody deleted it: nothing moves last_sync_time any more.
      if (error instanceof WorkflowNotFoundError) paused.set(sync, false);
    }
  }
  return paused;
}
