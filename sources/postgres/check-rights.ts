import type { Finding } from '../source.js';
import type { Session } from './session.js';

/** Rights to write that come to the user in one way. */
interface TableRights {
  /** Null for everybody. */
  role: string | null;
  rights: string;
  tables: number;
  examples: string[];
}

interface PowerfulRole {
  name: string;
  superuser: boolean;
  createsRoles: boolean;
}

const readOnly = 'read-only';
const advice = 'Inlet never writes to a source; give it a user that can only read (docs/postgres.md).';

/**
 * Whether the user that we connect as could write, itself or as a member of a role: what a membership does not give by
 * itself can be had by SET ROLE.
 */
export async function checkRights(session: Session, user: string): Promise<Finding[]> {
  const roles = await powerfulRoles(session);
  if (roles.some(({ name, superuser }) => superuser && name === user)) {
    return [warning(`User "${user}" is a superuser, and can do everything. ${advice}`)];
  }
  const tables = await tableRights(session);
  const found = [
    ...roles.map((role) => roleSentence(role, user)),
    ...tables.map((one) => tableSentence(one, user)),
  ];
  const finding: Finding =
    found.length === 0
      ? { level: 'ok', subject: readOnly, message: `User "${user}" can write to no table.` }
      : warning(`User "${user}" can do more than read: ${found.join('; ')}. ${advice}`);
  return [finding, ...(await checkCreate(session, user))];
}

/** Predefined roles of PostgreSQL and of hosting services that let their members write. */
async function powerfulRoles(session: Session): Promise<PowerfulRole[]> {
  return session.query<PowerfulRole>(
    `SELECT rolname::text AS name, rolsuper AS superuser, rolcreaterole AS "createsRoles"
       FROM pg_roles
      WHERE pg_has_role(session_user, oid, 'MEMBER')
        AND (rolsuper OR rolcreaterole OR rolname IN (
              'pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program',
              'rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin'))
      ORDER BY rolname = session_user DESC, rolname`,
  );
}

function roleSentence({ name, superuser, createsRoles }: PowerfulRole, user: string): string {
  if (name === user) return 'it has CREATEROLE';
  if (superuser) return `it is a member of the superuser "${name}"`;
  return `it is a member of ${name}${createsRoles ? ', which has CREATEROLE' : ''}`;
}

/** A table without an access list has its owner's rights only; an owner can always give them back to itself. */
async function tableRights(session: Session): Promise<TableRights[]> {
  return session.query<TableRights>(
    `WITH tables AS (
       SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relowner AS owner,
              coalesce(c.relacl, acldefault('r', c.relowner)) AS acl
         FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'f')
          AND n.nspname <> 'information_schema'
          AND n.nspname !~ '^pg_(catalog|toast|temp_|toast_temp_)'
     ), rights AS (
       SELECT name, grantee, privilege_type AS privilege
         FROM tables, aclexplode(acl)
       UNION
       SELECT name, grantee, privilege_type
         FROM tables
         JOIN pg_attribute a ON a.attrelid = tables.oid AND NOT a.attisdropped, aclexplode(a.attacl)
       UNION
       SELECT name, owner, 'ownership' FROM tables
     )
     SELECT r.rolname::text AS role,
            string_agg(DISTINCT privilege, ', ' ORDER BY privilege) AS rights,
            count(DISTINCT name)::int AS tables,
            (array_agg(DISTINCT name ORDER BY name))[1:3] AS examples
       FROM rights
       LEFT JOIN pg_roles r ON r.oid = grantee
      WHERE privilege IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'ownership')
        AND (grantee = 0 OR pg_has_role(session_user, grantee, 'MEMBER'))
      GROUP BY r.rolname
      ORDER BY r.rolname = session_user DESC NULLS LAST, r.rolname`,
  );
}

function tableSentence({ role, rights, tables, examples }: TableRights, user: string): string {
  const more = tables > examples.length ? ` and ${tables - examples.length} more` : '';
  const through = role === user ? '' : role === null ? ' as everybody (PUBLIC)' : ` through role "${role}"`;
  return `${rights} on ${examples.join(', ')}${more}${through}`;
}

async function checkCreate(session: Session, user: string): Promise<Finding[]> {
  const schemas = await session.query<{ name: string }>(
    `SELECT format('%I', nspname) AS name
       FROM pg_namespace
      WHERE nspname <> 'information_schema'
        AND nspname !~ '^pg_'
        AND has_schema_privilege(session_user, oid, 'CREATE')
      ORDER BY nspname`,
  );
  const [database] = await session.query<{ creates: boolean }>(
    `SELECT has_database_privilege(session_user, current_database(), 'CREATE') AS creates`,
  );
  const places = [
    ...(database?.creates === true ? ['the database (new schemas)'] : []),
    ...schemas.slice(0, 3).map(({ name }) => `schema ${name}`),
    ...(schemas.length > 3 ? [`${schemas.length - 3} more schemas`] : []),
  ];
  if (places.length === 0) return [];
  const message =
    `User "${user}" can create objects in ${places.join(', ')}: REVOKE CREATE, from PUBLIC too ` +
    '(before PostgreSQL 15 everybody has it on schema public).';
  return [{ level: 'warning', subject: 'creates', message }];
}

function warning(message: string): Finding {
  return { level: 'warning', subject: readOnly, message };
}
