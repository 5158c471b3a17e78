import type pg from 'pg';
import type pino from 'pino';
import { lookForAdmission, TooOldForStore } from '../store/compatibility.js';
import type { Store } from '../store/store.js';

const LOOK_EVERY_MS = 5_000;

interface Watching {
  stores: Iterable<Store>;
  logger: pino.Logger;
  /** Called once, when a store does not admit this version any more. */
  onRefused: (refusal: TooOldForStore) => void;
}

/**
 * Looks every few seconds whether the stores still admit this version. What it would write is refused anyway, in the
 * same transaction; this is for a worker that has nothing to write, and so that one that is refused leaves its work to
 * those that aren't.
 * @returns a function that ends it
 */
export function watchAdmission({ stores, logger, onRefused }: Watching): () => void {
  const look = async (pool: pg.Pool) => {
    try {
      await lookForAdmission(pool);
    } catch (error) {
      // A store that does not answer is for those to speak of who need it.
      if (!(error instanceof TooOldForStore)) return;
      stop();
      logger.error(error.message);
      onRefused(error);
    }
  };
  const timer = setInterval(() => {
    for (const { pool } of stores) void look(pool);
  }, LOOK_EVERY_MS);
  const stop = () => clearInterval(timer);
  return stop;
}
