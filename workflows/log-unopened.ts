import { isCancellation } from '@temporalio/workflow';
import type { UnopenedImport } from '../activities/activities.js';
import { activity } from './activity-policies.js';
import { failureSentence } from './failure-sentence.js';
import type { ImportResult } from './messages.js';

/**
 * Writes the log's entry of an import that never had the workspace, and tries until the store has it. Where the log
 * knows how the import ended, that stands. If the store refuses it for good, the entry is only in Temporal, and says so.
 */
export async function logUnopened(entry: UnopenedImport): Promise<ImportResult> {
  const { input, status, reason } = entry;
  try {
    const log = activity(input.definition.workspace, 'logUnopened', `log it: ${status}`);
    // The log's times are the store's clock; the schedule counts on Temporal's.
    return { ...(await log(entry)), endedAt: Date.now() };
  } catch (error) {
    if (isCancellation(error)) throw error;
    const missing = `${reason} (not in the import log: ${failureSentence(error)})`;
    return { number: input.number, status, reason: missing, endedAt: Date.now() };
  }
}
