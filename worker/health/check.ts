/** One thing that must be so for the worker to be ready. */
export interface Check {
  name: string;
  ok: boolean;
  /** A sentence on what is not as it should be; no secret is in it. */
  message?: string;
}

export const passed = (name: string): Check => ({ name, ok: true });
export const failedCheck = (name: string, message: string): Check => ({ name, ok: false, message });

/** However long Temporal or a store hang: whoever asks has an answer by then. */
export const ANSWER_WITHIN_MS = 2_000;

/**
 * Gives what `work` gives, or what `late` says if that does not come in time. What is still under way then is left to
 * its own limits.
 */
export async function inTime<T>(work: Promise<T>, late: () => T, limitMs = ANSWER_WITHIN_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Looks at most once at a time, and not again while the last answer is fresh: many who ask cost no more than one.
 * @param look never rejects
 */
export function remembered<T>(look: () => Promise<T>, freshMs: number): () => Promise<T> {
  let looking: Promise<T> | undefined;
  let last: { value: T; at: number } | undefined;
  return () => {
    if (last !== undefined && performance.now() - last.at < freshMs) return Promise.resolve(last.value);
    looking ??= look()
      .then((value) => {
        last = { value, at: performance.now() };
        return value;
      })
      .finally(() => (looking = undefined));
    return looking;
  };
}
