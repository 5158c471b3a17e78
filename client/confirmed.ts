import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncStatus } from '../workflows/messages.js';
import { failed } from './exit.js';
import { NoWorkerAnswered, ONE_HAS_TRIED, type SyncHandle } from './sync-workflow.js';
import { patienceMs } from './temporal.js';

/**
 * After a signal, which no one answers: asks the sync until it shows the effect.
 *
 * @throws CommandError with "sent, not yet confirmed" if that does not happen in time
 */
export async function confirmed(
  handle: SyncHandle,
  done: (status: SyncStatus) => boolean,
): Promise<SyncStatus> {
  const deadline = Date.now() + patienceMs(2_500, 4_000);
  try {
    for (;;) {
      const status = await handle.status(deadline - Date.now());
      if (done(status)) return status;
      if (Date.now() + 200 > deadline) break;
      await sleep(200);
    }
  } catch (error) {
    if (!(error instanceof NoWorkerAnswered)) throw error;
    throw failed(
      error.tried
        ? `Sent, not yet confirmed: no worker answered. ${ONE_HAS_TRIED}`
        : 'Sent, not yet confirmed: no worker answered. It is done when one comes; "inlet worker" starts one.',
      error,
    );
  }
  throw failed(
    'Sent, not yet confirmed: the sync has not acted on it yet. "inlet status" shows when it has.',
  );
}
