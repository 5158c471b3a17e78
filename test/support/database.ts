import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  /** Connects as the superuser. */
  url: string;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

/**
 * Makes an empty database on the run's PostgreSQL.
 *
 * @param prefix what its name starts with, for people who look at the server
 * @param options of CREATE DATABASE, such as its encoding
 */
export async function createDatabase(prefix: string, options = ''): Promise<TestDatabase> {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await asSuperuser(`CREATE DATABASE ${pg.escapeIdentifier(name)} ${options}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    drop: () => asSuperuser(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
  };
}

/** Makes a role that other files make as well, perhaps at this moment: roles belong to the server, not to a database. */
export async function ensureRole(name: string): Promise<void> {
  await asSuperuser(`
    DO $$ BEGIN CREATE ROLE ${pg.escapeIdentifier(name)};
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
