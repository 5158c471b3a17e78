import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { accounts, accountUrl, type Account, type Passwords } from './credentials.js';
import { root } from './state.js';

/**
 * Makes the databases of the store and of the sample CRM, with their users, where they are not there yet. To repeat it
 * does no harm.
 */
export async function prepareDatabases(passwords: Passwords, port: number): Promise<void> {
  await connected(accountUrl('INLET_DEV_POSTGRES_URL', passwords, port), async (superuser) => {
    for (const account of ['INLET_STORE_URL', 'CRM_OWNER_URL', 'CRM_DATABASE_URL'] as const) {
      await prepareUser(superuser, account, passwords[account]);
    }
    await prepareDatabase(superuser, 'INLET_STORE_URL');
    await prepareDatabase(superuser, 'CRM_OWNER_URL');
    // Without it Inlet could not see how long other users' transactions have been open.
    await superuser.query(`GRANT pg_read_all_stats TO ${accounts.CRM_DATABASE_URL.user}`);
  });
  await connected(accountUrl('CRM_OWNER_URL', passwords, port), async (owner) => {
    const { rows } = await owner.query(`SELECT WHERE to_regclass('customers') IS NOT NULL`);
    if (rows.length > 0) return;
    // Several statements in one message are one transaction: the sample is there whole or not at all.
    await owner.query(await readFile(join(root, 'examples', 'crm.sql'), 'utf8'));
  });
}

async function prepareUser(superuser: pg.Client, account: Account, password: string): Promise<void> {
  const user = pg.escapeIdentifier(accounts[account].user);
  const { rows } = await superuser.query('SELECT FROM pg_roles WHERE rolname = $1', [accounts[account].user]);
  const verb = rows.length > 0 ? 'ALTER' : 'CREATE';
  await superuser.query(`${verb} ROLE ${user} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
}

async function prepareDatabase(superuser: pg.Client, account: Account): Promise<void> {
  const { user, database } = accounts[account];
  const { rows } = await superuser.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (rows.length > 0) return;
  await superuser.query(
    `CREATE DATABASE ${pg.escapeIdentifier(database)} OWNER ${pg.escapeIdentifier(user)}`,
  );
}

export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'inlet dev' });
  // If the connection breaks, the query that runs says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
