import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { startCommand } from './state.js';

/** Who may log in to the embedded PostgreSQL, and where to. */
export const accounts = {
  /** The superuser, for `inlet dev` itself and for people who want to look around. */
  INLET_DEV_POSTGRES_URL: { user: 'postgres', database: 'postgres' },
  /** The store. */
  INLET_STORE_URL: { user: 'inlet', database: 'inlet' },
  /** The sample CRM, as Inlet reads it. */
  CRM_DATABASE_URL: { user: 'crm_reader', database: 'crm' },
  /** The sample CRM, for those who work with it. */
  CRM_OWNER_URL: { user: 'crm', database: 'crm' },
} as const satisfies Record<string, { user: string; database: string }>;

export type Account = keyof typeof accounts;

export type Passwords = Record<Account, string>;

/**
 * Takes the passwords that an earlier start wrote, and makes up those that are missing.
 *
 * @returns whether the superuser's is new, and so none that an existing cluster knows
 */
export async function readPasswords(file: string): Promise<{ passwords: Passwords; isNew: boolean }> {
  const written = await readFile(file, 'utf8').catch(() => '');
  const known = (account: Account) => passwordIn(written, account);
  const password = (account: Account) => known(account) ?? randomBytes(18).toString('base64url');
  return {
    passwords: {
      INLET_DEV_POSTGRES_URL: password('INLET_DEV_POSTGRES_URL'),
      INLET_STORE_URL: password('INLET_STORE_URL'),
      CRM_DATABASE_URL: password('CRM_DATABASE_URL'),
      CRM_OWNER_URL: password('CRM_OWNER_URL'),
    },
    isNew: known('INLET_DEV_POSTGRES_URL') === undefined,
  };
}

function passwordIn(written: string, account: Account): string | undefined {
  const [, url = ''] = new RegExp(`^${account}=(.+)$`, 'm').exec(written) ?? [];
  return URL.canParse(url) ? new URL(url).password || undefined : undefined;
}

export function accountUrl(account: Account, passwords: Passwords, port: number): string {
  const { user, database } = accounts[account];
  return `postgres://${user}:${passwords[account]}@127.0.0.1:${port}/${database}`;
}

const writtenBy = '# Written by ';

/** False for a file with variables that somebody else has put there: it must not be written over. */
export async function isOurEnvironment(file: string): Promise<boolean> {
  const written = await readFile(file, 'utf8').catch(() => '');
  return (
    written.trim() === '' || written.startsWith(writtenBy) || written.includes('\nINLET_DEV_POSTGRES_URL=')
  );
}

/** What a second terminal needs: written whole or not at all, and for its owner only. */
export async function writeEnvironment(file: string, variables: Record<string, string>): Promise<void> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const aside = `${file}.new`;
  await writeFile(aside, [`${writtenBy}"${startCommand}".`, ...lines, ''].join('\n'), { mode: 0o600 });
  await rename(aside, file);
}
