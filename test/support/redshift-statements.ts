/** A statement that fails, and how. */
export interface Refusal {
  statement: RegExp;
  sqlstate: string;
  message: string;
  /** Only in a transaction that is READ ONLY. */
  readOnly?: boolean;
}

export interface Cluster {
  singleNode: boolean;
  admitsPostgres: boolean;
  refusals: Refusal[];
}

/** What Redshift knows of a connection, and PostgreSQL does not. */
export class NewSession {
  readOnly = false;
  cursorIsOpen = false;
}

const version =
  'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), ' +
  'Redshift 1.0.77467';

/** https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html */
const settings = new Set([
  'application_name',
  'client_encoding',
  'datestyle',
  'extra_float_digits',
  'query_group',
  'search_path',
  'statement_timeout',
  'timezone',
]);

/** What our statements for PostgreSQL use, and Redshift does not have. */
const unknown =
  /pg_stat_ssl|pg_roles|pg_is_in_recovery|server_version_num|pg_prepared_xacts|aclexplode|string_agg|pg_has_role|inet_client_addr/i;

const inPostgres: [redshift: RegExp, postgres: string][] = [
  [/\bgetdate\(\)/gi, `date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC')`],
  [/\buser_is_member_of\(current_user, 'sys:monitor'\)/gi, `pg_has_role('pg_read_all_stats', 'USAGE')`],
  [
    /\bFROM svv_transactions\b/gi,
    `FROM (SELECT usename AS txn_owner, datname AS txn_db, pid, xact_start AT TIME ZONE 'UTC' AS txn_start
             FROM pg_stat_activity) svv_transactions`,
  ],
];

/** A client's text as PostgreSQL must get it to do what Redshift would; what Redshift refuses, raises an error there. */
export function asRedshift(text: string, session: NewSession, cluster: Cluster): string {
  const refusal = refusalOf(text, session, cluster);
  if (refusal !== undefined) return raise(refusal);
  note(text, session);
  let known = text;
  for (const [redshift, postgres] of inPostgres) known = known.replace(redshift, postgres);
  return cluster.admitsPostgres ? known : known.replace(/\bversion\(\)/gi, `'${version}'::text`);
}

function note(text: string, session: NewSession): void {
  const [verb = ''] = /^\s*\w+/.exec(text) ?? [];
  switch (verb.trim().toUpperCase()) {
    case 'BEGIN':
      session.readOnly = /READ ONLY/i.test(text);
      break;
    case 'ROLLBACK':
    case 'COMMIT':
      session.cursorIsOpen = false;
      session.readOnly = false;
      break;
    case 'DECLARE':
      session.cursorIsOpen = true;
      break;
    case 'CLOSE':
      session.cursorIsOpen = false;
  }
}

function refusalOf(
  text: string,
  session: NewSession,
  cluster: Cluster,
): Omit<Refusal, 'statement'> | undefined {
  const said = cluster.refusals.find(
    ({ statement, readOnly = false }) => statement.test(text) && (!readOnly || session.readOnly),
  );
  if (said !== undefined) return said;
  if (/^\s*COPY\b[\s\S]*\bTO\s+STDOUT/i.test(text)) {
    return { sqlstate: '42601', message: 'syntax error at or near "TO"' };
  }
  if (/^\s*(?:SAVEPOINT|RELEASE|ROLLBACK\s+TO)\b/i.test(text)) {
    return { sqlstate: '0A000', message: 'SQL command "SAVEPOINT" not supported.' };
  }
  if (/ISOLATION LEVEL (?!SERIALIZABLE)/i.test(text)) {
    return { sqlstate: '0A000', message: 'only SERIALIZABLE is supported' };
  }
  if (session.cursorIsOpen && /^\s*DECLARE\b/i.test(text)) {
    return { sqlstate: '42P03', message: 'only one cursor may be open in a session' };
  }
  return refusedFetch(text, cluster) ?? refusedSetting(text) ?? refusedName(text);
}

function refusedFetch(text: string, { singleNode }: Cluster): Omit<Refusal, 'statement'> | undefined {
  const size = /^\s*FETCH\s+(?:FORWARD\s+)?(\d+|ALL)\b/i.exec(text)?.[1];
  if (!singleNode || size === undefined || Number(size) <= 1000) return undefined;
  return {
    sqlstate: 'XX000',
    message:
      `Fetch size ${size} exceeds the limit of 1000 for a single node configuration. Reduce the client ` +
      'fetch/cache size or upgrade to a multi node installation.',
  };
}

function refusedSetting(text: string): Omit<Refusal, 'statement'> | undefined {
  for (const [, name = '', value = ''] of text.matchAll(
    /(?:^|;)\s*SET\s+(?:LOCAL\s+|SESSION\s+)?(\w+)\s*(?:TO|=)\s*([^;]*)/gi,
  )) {
    if (!settings.has(name.toLowerCase())) {
      return { sqlstate: '42704', message: `unrecognized configuration parameter "${name.toLowerCase()}"` };
    }
    if (name.toLowerCase() === 'extra_float_digits' && Number(value) > 2) {
      return {
        sqlstate: '22023',
        message: `${value.trim()} is outside the valid range for parameter "extra_float_digits" (-15 .. 2)`,
      };
    }
  }
  return undefined;
}

function refusedName(text: string): Omit<Refusal, 'statement'> | undefined {
  const name = unknown.exec(text)?.[0];
  return name === undefined ? undefined : { sqlstate: '42P01', message: `"${name}" does not exist` };
}

function raise({ sqlstate, message }: Omit<Refusal, 'statement'>): string {
  const quoted = message.replaceAll("'", "''");
  return `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${sqlstate}', MESSAGE = '${quoted}'; END $$`;
}
