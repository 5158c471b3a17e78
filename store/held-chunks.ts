import { hasSqlState, LOCK_NOT_AVAILABLE, transaction, type Store } from './store.js';

/** So long at a time, since who waits may be cancelled meanwhile. */
const WAIT_MS = 1_000;

/**
 * Waits for the chunks that other sessions are at work on. One of them may have lost its worker: then its transaction
 * ends without having applied it, and somebody has to.
 * @returns false once all chunks are applied; true if there may be one to take
 */
export async function waitForHeldChunks(store: Store, key: string): Promise<boolean> {
  try {
    return await transaction(store, { statement: 60_000, lock: WAIT_MS }, async (client) => {
      // Without the fence, which a session that only waits must not hold.
      const { rowCount } = await client.query(
        `SELECT FROM inlet.chunk WHERE import_id = $1 AND applied_at IS NULL
         ORDER BY query, kind, chunk LIMIT 1 FOR UPDATE`,
        [key],
      );
      return rowCount === 1;
    });
  } catch (error) {
    if (hasSqlState(error, LOCK_NOT_AVAILABLE)) return true;
    throw error;
  }
}
