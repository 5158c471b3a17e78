import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import { version } from '../config/version.js';
import { MIGRATIONS } from './compatibility.js';
import type { Store } from './store.js';

/**
 * Brings the store's schema `inlet` up to this version, in one transaction. A second worker that starts meanwhile waits
 * for the first. A store that a newer version has upgraded is left as it is.
 * @param directory where the migrations are, for tests of what other versions bring
 * @throws an Error that says what to do if the database is not UTF-8 or older than PostgreSQL 14, or was upgraded by a
 *   build with other migrations; TooOldForStore if it does not admit this version
 */
export async function migrate(store: Store, directory = MIGRATIONS): Promise<void> {
  // A store that does not admit this version gives no connection.
  const client = await store.pool.connect();
  try {
    await refuseUnfit(client);
    await refuseOtherMigrations(client, directory);
    const ran = await runner({
      dbClient: client,
      dir: directory,
      direction: 'up',
      singleTransaction: true,
      schema: 'inlet',
      createSchema: true,
      migrationsSchema: 'inlet',
      migrationsTable: 'migration',
      createMigrationsSchema: true,
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
    if (ran.length > 0) await client.query('UPDATE inlet.compatibility SET upgraded_by = $1', [version()]);
  } finally {
    // The runner leaves its own search_path behind: this connection is not for others.
    client.release(true);
  }
}

async function refuseUnfit(client: pg.ClientBase): Promise<void> {
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
}

/** Migrations that this version doesn't know may only follow those that it knows. */
async function refuseOtherMigrations(client: pg.ClientBase, directory: string): Promise<void> {
  const known = (await readdir(directory)).map((file) => basename(file, '.sql')).sort();
  const ran = await namesOfRun(client);
  const other = ran.find((name, index) => known[index] !== undefined && known[index] !== name);
  if (other !== undefined)
    throw new Error(
      `The store was upgraded by another build of Inlet: it has the migration ${other}, and this is ${version()} with ${known[ran.indexOf(other)] ?? 'none'} in its place. Use the build that upgraded it, or a store of its own.`,
    );
}

async function namesOfRun(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('inlet.migration') IS NOT NULL AS there`,
  );
  if (rows[0]?.there !== true) return [];
  const { rows: ran } = await client.query<{ name: string }>('SELECT name FROM inlet.migration ORDER BY id');
  return ran.map(({ name }) => name);
}
