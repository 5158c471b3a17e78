import { CancelledFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import type { StartTime, Submission } from '../sources/source.js';
import { noteSubmission, readSubmission } from '../store/submission.js';
import type { Store } from '../store/store.js';

/** Why an activity is cancelled although another attempt will come. */
const comesBack: readonly string[] = ['WORKER_SHUTDOWN', 'TIMED_OUT', 'PAUSED', 'RESET'];

/**
 * Where a source notes what it has submitted for an import: in the import's row. The start time is read and noted before
 * anything is submitted, and then counts for every attempt, for what they wait for may have begun at the first.
 */
export async function openSubmission(
  store: Store,
  key: string,
  readStart: () => Promise<StartTime>,
): Promise<{ submission: Submission; started: StartTime }> {
  const before = await readSubmission(store, key);
  if (before === undefined)
    await noteSubmission(store, key, { started: await readStart(), name: randomUUID() });
  const noted = await readSubmission(store, key);
  if (noted === undefined) throw new Error(`The import ${key} is not running any more.`);
  return {
    started: noted.started,
    submission: {
      key: noted.name,
      recall: async () => (await readSubmission(store, key))?.handle,
      remember: (handle) => noteSubmission(store, key, { handle }),
      abandoned: (reason) => !(reason instanceof CancelledFailure && comesBack.includes(reason.message)),
    },
  };
}
