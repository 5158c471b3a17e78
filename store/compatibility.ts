import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { version } from '../config/version.js';

/** The migrations that this version came with. */
export const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));

/** This version's schema: the number of the newest migration that it knows. */
export const SCHEMA = newestIn(MIGRATIONS);

/** The store is ahead of this version, and a newer version has said that this one must not use it any more. */
export class TooOldForStore extends Error {
  constructor({ oldestWorker, upgradedBy }: Admission) {
    super(
      `The store was upgraded by Inlet ${upgradedBy} and can't be used by older versions any more: this is Inlet ${version()} ` +
        `with schema ${SCHEMA}, and the store asks for schema ${oldestWorker} or newer. Install Inlet ${upgradedBy} or newer here.`,
    );
    this.name = 'TooOldForStore';
  }
}

interface Admission {
  oldestWorker: number;
  upgradedBy: string;
}

const ADMISSION =
  'SELECT oldest_worker AS "oldestWorker", upgraded_by AS "upgradedBy" FROM inlet.compatibility';

/**
 * Looks whether the store admits this version. A store that has no schema yet, or one from before it said whom it
 * admits, does.
 * @throws TooOldForStore
 */
export async function lookForAdmission(client: pg.ClientBase | pg.Pool): Promise<void> {
  const { rows } = await client.query<{ says: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'compatibility' AND relnamespace =
       (SELECT oid FROM pg_namespace WHERE nspname = 'inlet')) AS says`,
  );
  if (rows[0]?.says === true) refuseUnlessAdmitted((await client.query<Admission>(ADMISSION)).rows);
}

/**
 * Holds whatever the store admits for the rest of the transaction: a migration that raises it waits for this lock, and
 * whoever asks for the lock meanwhile waits for the migration. Reads wait for neither.
 */
export const HOLD_ADMISSION = 'LOCK TABLE inlet.compatibility IN ROW SHARE MODE';

/**
 * The same where there must be such a table: in a transaction that holds the lock.
 * @throws TooOldForStore
 */
export async function mustBeAdmitted(client: pg.ClientBase): Promise<void> {
  refuseUnlessAdmitted((await client.query<Admission>(ADMISSION)).rows);
}

function refuseUnlessAdmitted([admission]: Admission[]): void {
  if (admission !== undefined && admission.oldestWorker > SCHEMA) throw new TooOldForStore(admission);
}

/** Names start with the number: `005_compatibility.sql`. */
function newestIn(directory: string): number {
  return Math.max(0, ...readdirSync(directory).map((file) => Number.parseInt(file, 10) || 0));
}
