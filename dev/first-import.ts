import { setTimeout as sleep } from 'node:timers/promises';
import { countFailures } from '../store/failures.js';
import { findImport, latestImport } from '../store/import-log.js';
import type { FailureCount, ImportRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Tools } from './tools.js';

const LOOK_EVERY_MS = 150;
/** An import that neither begins, nor gets on, nor ends for so long has been forgotten by somebody. */
const PATIENCE_MS = 120_000;

export interface FirstImport {
  record: ImportRecord;
  failures: FailureCount[];
}

/**
 * Follows the first import of a sync with a progress bar until it has ended; one that ended in an earlier run is found in
 * the log.
 *
 * @throws Error if nothing happens for two minutes
 */
export async function followFirstImport(
  store: Store,
  which: { workspace: string; sync: string },
  tools: Tools,
  signal: AbortSignal,
): Promise<FirstImport> {
  const progress = tools.createProgress();
  let seen = '';
  let seenAt = Date.now();
  try {
    for (;;) {
      signal.throwIfAborted();
      const record = await findFirst(store, which);
      if (record !== null && record.status !== 'Running') {
        progress.stop();
        return { record, failures: await countFailures(store, record) };
      }
      if (record !== null) progress.show(record);
      const now = JSON.stringify(record);
      if (now !== seen) {
        seen = now;
        seenAt = Date.now();
      } else if (Date.now() - seenAt > PATIENCE_MS) {
        throw new Error(
          `Nothing has happened in the first import of ${which.sync} for two minutes. The log of the worker may say why.`,
        );
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  } finally {
    progress.stop();
  }
}

/** The log is not kept for ever: after that, the newest import must do. */
async function findFirst(
  store: Store,
  which: { workspace: string; sync: string },
): Promise<ImportRecord | null> {
  const first = await findImport(store, { ...which, number: 1 });
  return first ?? (await latestImport(store, which));
}
