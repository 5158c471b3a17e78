import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import type { Store } from './store.js';

const directory = fileURLToPath(new URL('./migrations', import.meta.url));

/**
 * Brings the store's schema `inlet` up to this version, in one transaction. A second worker that starts meanwhile waits
 * for the first.
 * @throws an Error that says what to do if the database is not UTF-8 or older than PostgreSQL 14
 */
export async function migrate(store: Store): Promise<void> {
  const client = await store.pool.connect();
  try {
    const { rows } = await client.query<{ version: number; encoding: string }>(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding`,
    );
    const server = rows[0];
    if (server === undefined || server.version < 140_000)
      throw new Error(
        'The store must be PostgreSQL 14 or newer; this one is older. Point store.url at a newer server.',
      );
    if (server.encoding !== 'UTF8')
      throw new Error(
        `The store's database must have the encoding UTF8; this one has ${server.encoding}. Create one with ENCODING 'UTF8'.`,
      );
    await runner({
      dbClient: client,
      dir: directory,
      direction: 'up',
      schema: 'inlet',
      createSchema: true,
      migrationsSchema: 'inlet',
      migrationsTable: 'migration',
      createMigrationsSchema: true,
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
  } finally {
    // The runner leaves its own search_path behind: this connection is not for others.
    client.release(true);
  }
}
