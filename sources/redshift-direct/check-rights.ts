import { isDatabaseError } from '../postgres/failure-kinds.js';
import type { Session } from '../postgres/session.js';
import type { Finding } from '../source.js';

const subject = 'read-only';
const advice = 'Inlet never writes to a source; give it a user that can only read (docs/redshift.md).';
const examples = 3;

interface UserRow {
  name: string;
  superuser: boolean;
}

interface TableRow {
  name: string;
  inserts: boolean;
  updates: boolean;
  deletes: boolean;
}

/** Whether the user that we connect as could write, itself or as a member of groups and roles. Not in a transaction. */
export async function checkRights(session: Session): Promise<Finding[]> {
  try {
    const [user] = await session.query<UserRow>(
      'SELECT usename::varchar AS name, usesuper AS superuser FROM pg_user WHERE usename = current_user',
    );
    const name = user?.name ?? '';
    if (user?.superuser === true) {
      return [warning(`User "${name}" is a superuser, and can do everything. ${advice}`)];
    }
    return [await tableFinding(session, name), ...(await createFindings(session, name))];
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return [warning(`Whether the user could write can't be seen in this cluster's catalogs. ${advice}`)];
  }
}

async function tableFinding(session: Session, user: string): Promise<Finding> {
  const tables = await session.query<TableRow>(
    `SELECT name, inserts, updates, deletes
       FROM (SELECT n.nspname || '.' || c.relname AS name,
                    has_table_privilege(current_user, c.oid, 'INSERT') AS inserts,
                    has_table_privilege(current_user, c.oid, 'UPDATE') AS updates,
                    has_table_privilege(current_user, c.oid, 'DELETE') AS deletes
               FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'v')
                AND n.nspname <> 'information_schema'
                AND substring(n.nspname, 1, 3) <> 'pg_') t
      WHERE inserts OR updates OR deletes
      ORDER BY name
      LIMIT ${examples + 1}`,
  );
  if (tables.length === 0) {
    return { level: 'ok', subject, message: `User "${user}" can write to no table of this database.` };
  }
  const shown = tables.slice(0, examples).map(rightsOn).join('; ');
  const more = tables.length > examples ? '; and more' : '';
  return warning(`User "${user}" can do more than read: ${shown}${more}. ${advice}`);
}

function rightsOn({ name, inserts, updates, deletes }: TableRow): string {
  const rights = [inserts && 'INSERT', updates && 'UPDATE', deletes && 'DELETE'].filter(
    (right) => right !== false,
  );
  return `${rights.join(', ')} on ${name}`;
}

async function createFindings(session: Session, user: string): Promise<Finding[]> {
  const schemas = await session.query<{ name: string }>(
    `SELECT nspname::varchar AS name
       FROM pg_namespace
      WHERE nspname <> 'information_schema'
        AND substring(nspname, 1, 3) <> 'pg_'
        AND has_schema_privilege(current_user, nspname, 'CREATE')
      ORDER BY nspname`,
  );
  if (schemas.length === 0) return [];
  const shown = schemas.slice(0, examples).map(({ name }) => name);
  const more = schemas.length > examples ? ` and ${schemas.length - examples} more` : '';
  const message =
    `User "${user}" can create objects in schema ${shown.join(', ')}${more}: REVOKE CREATE ON SCHEMA, from PUBLIC too ` +
    '(everybody has it on schema public unless it is revoked).';
  return [{ level: 'warning', subject: 'creates', message }];
}

function warning(message: string): Finding {
  return { level: 'warning', subject, message };
}
