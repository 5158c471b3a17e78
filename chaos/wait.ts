import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `look` gives something; what it throws counts as nothing, for servers are away at times.
 * @param what is waited for, in the words of the error
 * @throws Error naming it, and what `look` threw last, if it does not come in time
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false | null>,
  withinMs: number,
): Promise<T> {
  const end = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false && found !== null) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const why = last instanceof Error ? `: ${last.message}` : '';
      throw new Error(`${what} did not come to be within ${Math.round(withinMs / 1000)} s${why}`);
    }
    await sleep(50);
  }
}

/** Like the promise, but an error naming it if that takes too long. */
export async function within<T>(what: string, promise: Promise<T>, ms: number): Promise<T> {
  const late = new AbortController();
  const limit = sleep(ms, undefined, { signal: late.signal }).then(
    () => {
      throw new Error(`${what} did not come within ${Math.round(ms / 1000)} s`);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([promise, limit]);
  } finally {
    late.abort();
  }
}
