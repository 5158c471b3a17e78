/** Somebody wants `inlet dev` to end. */
export class Interrupted extends Error {
  constructor() {
    super('Interrupted.');
    this.name = 'Interrupted';
  }
}

export interface Interruption {
  /** Aborted, with Interrupted as its reason, when somebody wants us to end. */
  signal: AbortSignal;
  /** Lets signals do again what they did before. */
  dispose(): void;
}

/** npm passes Ctrl-C on to us, who had it from the terminal already; only what comes later is a second one. */
const SECOND_AFTER_MS = 1_000;

/**
 * Listens for Ctrl-C, for the terminal's closing, and for a reader of our output that has gone.
 *
 * @param onSecond called when it is asked for again, a while after the first time
 */
export function listenForInterruption(onSecond: () => void): Interruption {
  const controller = new AbortController();
  let askedAt: number | undefined;
  const ask = () => {
    if (askedAt === undefined) {
      askedAt = Date.now();
      controller.abort(new Interrupted());
    } else if (Date.now() - askedAt > SECOND_AFTER_MS) {
      onSecond();
    }
  };
  // Whoever listens now would end the process at once, and leave the servers behind.
  const quiet = () => controller.abort(new Interrupted());
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners('error').on('error', quiet);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, ask);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of signals) process.off(signal, ask);
    },
  };
}
