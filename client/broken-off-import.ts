import { WorkflowNotFoundError } from '@temporalio/common';
import { importId, syncId } from '../workflows/messages.js';
import type { KnownSync } from './known-sync.js';
import type { Temporal } from './temporal.js';
import { isServerGone } from './temporal-error.js';

/** Asks Temporal whether an import that the log has not closed can still end. */
export function brokenOffImport(temporal: Temporal, { workspace, sync }: KnownSync, number: number) {
  return async (): Promise<string | null> => {
    try {
      const itsOwn = await stateOf(temporal, importId(workspace, sync, number));
      if (itsOwn === 'open') return null;
      if (itsOwn === 'closed') {
        return `The workflow of import ${number} ended without closing its log. A worker closes it within the hour.`;
      }
      // Not started yet: it is for the sync to start it.
      const syncs = await stateOf(temporal, syncId(workspace, sync));
      return syncs === 'open' ? null : `The sync "${sync}" ended before import ${number} began.`;
    } catch (error) {
      if (isServerGone(error)) return null;
      throw error;
    }
  };
}

async function stateOf(temporal: Temporal, workflowId: string): Promise<'open' | 'closed' | 'missing'> {
  try {
    const handle = temporal.client.workflow.getHandle(workflowId);
    const { closeTime } = await temporal.client.withDeadline(Date.now() + 3_000, () => handle.describe());
    return closeTime === undefined ? 'open' : 'closed';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'missing';
    throw error;
  }
}
