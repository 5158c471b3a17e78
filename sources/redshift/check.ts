import type { RedshiftConnection } from '../../config/workspace-file.js';
import { SourceError } from '../source-error.js';
import type { Finding } from '../source.js';
import { ask } from './ask.js';
import type { DataApi } from './data-api.js';

const facts = `SELECT current_user, version(),
  (SELECT usesuper FROM pg_user WHERE usename = current_user),
  (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_internal', 'pg_automv')
     AND has_schema_privilege(current_user, n.nspname, 'USAGE')
     AND (has_table_privilege(current_user, c.oid, 'INSERT') OR has_table_privilege(current_user, c.oid, 'UPDATE')
          OR has_table_privilege(current_user, c.oid, 'DELETE')))`;

/** Proves what can be proved of a connection; throws only when aborted. */
export async function checkRedshift(
  api: () => Promise<DataApi>,
  connection: RedshiftConnection,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    const [row = []] = await ask(await api(), connection, facts, 'connect', signal);
    const [user = '', version = '', superuser = '', writable = '0'] = row.map((cell) => cell ?? '');
    return [
      { level: 'ok', subject: 'connects', message: `${place(connection)} as user "${user}".` },
      { level: 'ok', subject: 'TLS', message: encryption(connection) },
      versionFinding(version),
      rights(user, superuser === 'true' || superuser === 't', Number(writable)),
      connection.readOnly
        ? { level: 'ok', subject: 'transactions', message: 'Queries run in BEGIN READ ONLY.' }
        : {
            level: 'warning',
            subject: 'transactions',
            message: "readOnly is off: only the user's rights keep a query from writing.",
          },
      {
        level: 'ok',
        subject: 'open transactions',
        message:
          "Those of other users can't be seen. Where a load takes longer than the sync's overlap from the time in its rows to its COMMIT, set overlap to more than that.",
      },
    ];
  } catch (error) {
    if (signal.aborted) throw error;
    if (!(error instanceof SourceError)) throw error;
    return [{ level: 'problem', subject: 'connects', message: error.message }];
  }
}

function place({ target, database, region }: RedshiftConnection): string {
  const where = 'cluster' in target ? `cluster "${target.cluster}"` : `workgroup "${target.workgroup}"`;
  return `To database "${database}" of ${where}${region === undefined ? '' : ` in ${region}`}, through the Data API,`;
}

const encryption = ({ endpoint }: RedshiftConnection) =>
  endpoint?.startsWith('http:') === true
    ? 'None: the endpoint is plain HTTP.'
    : 'The Data API is reached by HTTPS, and requests are signed.';

function versionFinding(version: string): Finding {
  const found = /Redshift ([\d.]+)/.exec(version)?.[1];
  return found === undefined
    ? {
        level: 'warning',
        subject: 'version',
        message: `It does not say that it is Redshift: ${version.slice(0, 80)}.`,
      }
    : { level: 'ok', subject: 'version', message: `Redshift ${found}.` };
}

function rights(user: string, superuser: boolean, writable: number): Finding {
  const advice = 'Inlet never writes to a source; give it a user that can only read (docs/redshift.md).';
  if (superuser)
    return { level: 'warning', subject: 'read-only', message: `User "${user}" is a superuser. ${advice}` };
  if (writable > 0)
    return {
      level: 'warning',
      subject: 'read-only',
      message: `User "${user}" may write to ${writable} ${writable === 1 ? 'table' : 'tables'}. ${advice}`,
    };
  return { level: 'ok', subject: 'read-only', message: `User "${user}" may write to no table.` };
}
