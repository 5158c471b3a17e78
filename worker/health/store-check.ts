import { openStore, type Store } from '../../store/store.js';
import { storeState } from '../../store/store-state.js';
import { ANSWER_WITHIN_MS, failedCheck, inTime, passed, remembered, type Check } from './check.js';

const FRESH_MS = 1_000;

export interface StoreCheck {
  check: () => Promise<Check>;
  close: () => Promise<void>;
}

/**
 * Whether a store answers and has our schema, asked over a connection of its own: those of the worker may all be busy,
 * and one that hangs is thrown away.
 * @param workspaces whose store it is, by which it is named
 */
export function storeCheck(url: string, workspaces: string[]): StoreCheck {
  const name = `store of ${workspaces.join(', ')}`;
  const store = openStore(url, {
    max: 1,
    applicationName: 'inlet health',
    answerWithinMs: ANSWER_WITHIN_MS - 200,
  });
  const late = () => failedCheck(name, `The store does not answer within ${ANSWER_WITHIN_MS / 1000} s.`);
  return {
    check: remembered(() => inTime(look(store, name), late), FRESH_MS),
    // One that hangs would not take leave.
    close: () => inTime(store.close(), () => undefined),
  };
}

async function look(store: Store, name: string): Promise<Check> {
  try {
    const state = await storeState(store);
    if (state === 'read-only')
      return failedCheck(name, 'The store is read-only, as a standby is: nothing can be written to it.');
    if (state === 'missing')
      return failedCheck(
        name,
        "The store has lost Inlet's schema. Restore it, or restart the worker to make it anew.",
      );
    return passed(name);
  } catch (error) {
    // What the server says may hold a host or a user name; its code says enough here.
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return failedCheck(name, `The store does not answer${code}.`);
  }
}
