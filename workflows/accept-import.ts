import type { AcceptedImport } from '../activities/activities.js';
import { activity } from './activity-policies.js';
import type { AcceptRequest, SyncInput } from './messages.js';
import { refusal, refusedBy } from './refusal.js';

/** Has `last_sync_time` moved past an import in the store. A refusal reaches whoever asked for it as it was said. */
export async function acceptInStore(
  { workspace, sync }: SyncInput,
  { number }: AcceptRequest,
): Promise<AcceptedImport> {
  try {
    const accept = activity(workspace, 'acceptImport', `accept the failures of import ${number}`);
    return await accept({ workspace, sync, number });
  } catch (error) {
    throw refusedBy(error, workspace);
  }
}

/** Throws before anything of it is in the history. */
export function refuseNoNumber({ number }: AcceptRequest): void {
  if (Number.isSafeInteger(number) && number > 0) return;
  throw refusal('AcceptRefused', 'an import is named by its number, from 1');
}
