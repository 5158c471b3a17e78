import { setTimeout as sleep } from 'node:timers/promises';
import type { ImportRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { failed } from './exit.js';
import type { KnownSync } from './known-sync.js';
import type { Output } from './output.js';
import type { Progress } from './progress.js';
import { explainStoreError, isLost } from './store-error.js';

const lookEveryMs = 500;
const patienceMs = 15 * 60_000;
/** The log is closed before the workflow is, so that a closed workflow with an open log means that it broke off. */
const brokenOffAfterMs = 15_000;

export interface Following {
  known: KnownSync;
  out: Output;
  store: Store;
  progress: Progress;
  /** Gives the import that is followed; null while it is not in the log. */
  find: (store: Store) => Promise<ImportRecord | null>;
  /** Says why the import will never end, if that is so. */
  brokenOff?: () => Promise<string | null>;
}

/**
 * Looks at the log about twice a second until an import has ended. A store that is away for a while is waited for.
 *
 * @throws CommandError if it stays away for a quarter of an hour, or the import's workflow ended without a word
 */
export async function followImport(following: Following): Promise<ImportRecord> {
  const { progress, brokenOff } = following;
  let lookedAfter = Date.now();
  let reason: string | null = null;
  try {
    for (;;) {
      const record = await findPatiently(following);
      if (record !== null) {
        if (record.status !== 'Running') return record;
        progress.show(record);
      }
      if (reason !== null) throw failed(reason);
      if (brokenOff !== undefined && Date.now() - lookedAfter > brokenOffAfterMs) {
        // The log is read once more before this is believed.
        reason = await brokenOff();
        lookedAfter = Date.now();
      }
      await sleep(lookEveryMs);
    }
  } finally {
    progress.stop();
  }
}

async function findPatiently({ known, out, store, find }: Following): Promise<ImportRecord | null> {
  const giveUpAt = Date.now() + patienceMs;
  let said = false;
  for (;;) {
    try {
      const found = await find(store);
      if (said) out.say('The store answers again.');
      return found;
    } catch (error) {
      if (!isLost(error) || Date.now() > giveUpAt) throw explainStoreError(error, known.file.storeUrl());
      if (!said) out.say('The store does not answer; waiting for it.');
      said = true;
      await sleep(2 * lookEveryMs);
    }
  }
}
