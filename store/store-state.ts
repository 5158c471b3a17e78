import { only, type Store } from './store.js';

/** Whether the store can be written to and has Inlet's tables; one cheap query. */
export async function storeState(store: Store): Promise<'there' | 'missing' | 'read-only'> {
  const { there, readOnly } = only(
    await store.pool.query<{ there: boolean; readOnly: boolean }>(
      `SELECT to_regclass('inlet.import') IS NOT NULL AS there,
              current_setting('transaction_read_only') = 'on' AS "readOnly"`,
    ),
  );
  if (!there) return 'missing';
  return readOnly ? 'read-only' : 'there';
}
