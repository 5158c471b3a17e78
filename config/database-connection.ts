import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError, type ConfigProblem, type FilePlace } from './config-error.js';
import { fillConnectionUrl, resolvedUrlProblem } from './connection-url.js';
import type { Environment } from './environment.js';
import { findReferences, replaceReferences, wholeReference } from './environment-reference.js';
import type { ParsedDatabase } from './schema.js';
import { valueAt, type Path } from './plain-data.js';
import type { YamlDocument } from './yaml-document.js';
import { where } from './wording.js';

/** libpq's names; https://www.postgresql.org/docs/current/libpq-ssl.html says what they mean. */
type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** All that is needed to connect, with credentials: for memory only, never for Temporal, a log or a message. */
export type DatabaseConnection = PostgresConnection | RedshiftConnection | RedshiftDirectConnection;

export interface PostgresConnection {
  type: 'postgres';
  name: string;
  url: string;
  /** Wins over `sslmode` in the URL; undefined leaves it to that, and else to the host. */
  ssl: SslMode | undefined;
  /** An absolute path, or `system`. */
  sslRootCert?: string;
  queryTimeoutMs: number;
}

/** A cluster that is reached as a PostgreSQL server would be. */
export interface RedshiftDirectConnection extends Omit<PostgresConnection, 'type'> {
  type: 'redshift-direct';
  /** Whether queries run in a transaction that only reads. */
  readOnly: boolean;
}

/** A cluster or a serverless workgroup that is reached through the Redshift Data API. */
export interface RedshiftConnection {
  type: 'redshift';
  name: string;
  /** Where it is undefined, the AWS client looks for one by its own rules. */
  region: string | undefined;
  target: { cluster: string; dbUser: string | undefined } | { workgroup: string };
  database: string;
  /** Of a secret in AWS Secrets Manager with the database user's password; without it, credentials are temporary. */
  secretArn: string | undefined;
  /** Another URL than Amazon's: for VPC endpoints and doubles. */
  endpoint: string | undefined;
  /** Whether queries run in `BEGIN READ ONLY`. */
  readOnly: boolean;
  queryTimeoutMs: number;
}

/** A database as the file names it, its credentials not looked up yet. */
export interface DatabaseReference {
  readonly type: DatabaseConnection['type'];
  readonly name: string;
  /** Where the file begins to speak of it. */
  readonly place: FilePlace;
  /** Looks the credentials up. Throws ConfigError, with every variable that is missing. */
  resolve(): DatabaseConnection;
}

/** Where references are looked up, and what a problem with them is reported against. */
export interface ReferenceContext {
  document: YamlDocument;
  environment: Environment;
}

export function databaseReference(
  name: string,
  database: ParsedDatabase,
  context: ReferenceContext,
): DatabaseReference {
  return {
    type: database.type,
    name,
    place: { file: context.document.file, ...context.document.positionOfKey(['databases', name]) },
    resolve() {
      switch (database.type) {
        case 'postgres':
          return { type: database.type, ...serverConnection(name, database, context) };
        case 'redshift-direct':
          return {
            type: database.type,
            ...serverConnection(name, database, context),
            readOnly: database.readOnly,
          };
        case 'redshift':
          return redshiftConnection(name, database, context);
      }
    },
  };
}

function serverConnection(
  name: string,
  database: ParsedDatabase,
  context: ReferenceContext,
): Omit<PostgresConnection, 'type'> {
  const path = ['databases', name];
  const problems: ConfigProblem[] = [];
  const url = attempt(() => resolveUrl(database.url ?? '', [...path, 'url'], context), problems);
  const written = database.sslRootCert;
  const sslRootCert =
    written === undefined
      ? undefined
      : attempt(() => resolveFile(written, [...path, 'sslRootCert'], context), problems);
  if (url === undefined || problems.length > 0) throw new ConfigError(problems);
  return {
    name,
    url,
    ssl: database.ssl,
    ...(sslRootCert !== undefined && { sslRootCert }),
    queryTimeoutMs: database.queryTimeout.ms,
  };
}

function redshiftConnection(
  name: string,
  database: ParsedDatabase,
  context: ReferenceContext,
): RedshiftConnection {
  const problems: ConfigProblem[] = [];
  const text = (
    key: 'region' | 'cluster' | 'workgroup' | 'database' | 'dbUser' | 'secretArn' | 'endpoint',
  ) => {
    const written = database[key];
    const path = ['databases', name, key];
    return written === undefined ? undefined : attempt(() => resolveText(written, path, context), problems);
  };
  const [cluster, workgroup] = [text('cluster'), text('workgroup')];
  const connection: RedshiftConnection = {
    type: 'redshift',
    name,
    region: text('region'),
    target: workgroup === undefined ? { cluster: cluster ?? '', dbUser: text('dbUser') } : { workgroup },
    database: text('database') ?? '',
    secretArn: text('secretArn'),
    endpoint: text('endpoint'),
    readOnly: database.readOnly,
    queryTimeoutMs: database.queryTimeout.ms,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return connection;
}

/**
 * Text with its `${NAME}` references filled in.
 *
 * @throws ConfigError that names each missing variable, and the key and line that need it
 */
export function resolveText(text: string, path: Path, context: ReferenceContext): string {
  const valueOf = variables(text, path, context);
  return replaceReferences(text, ({ name }) => valueOf(name));
}

/**
 * Fills in the `${NAME}` references of a connection URL.
 *
 * @throws ConfigError that names each missing variable, and the key and line that need it
 */
export function resolveUrl(text: string, path: Path, context: ReferenceContext): string {
  const valueOf = variables(text, path, context);
  const url = fillConnectionUrl(text, ({ name }) => valueOf(name));
  const problem = resolvedUrlProblem(url);
  if (problem === undefined) return url;
  const whole = wholeReference(text);
  const subject =
    whole === undefined
      ? `${where(path)}, with its variables filled in,`
      : `The environment variable ${whole}, which ${where(path)} refers to,`;
  throw placed(path, `${subject} ${problem}.`, context);
}

function resolveFile(text: string, path: Path, context: ReferenceContext): string {
  const valueOf = variables(text, path, context);
  const filled = replaceReferences(text, ({ name }) => valueOf(name));
  if (filled === 'system') return filled;
  const file = resolve(dirname(context.document.file), filled);
  try {
    accessSync(file, constants.R_OK);
    return file;
  } catch {
    throw placed(
      path,
      `${where(path)}: the file ${file} does not exist, or this user may not read it.`,
      context,
    );
  }
}

/** Looks all variables of a text up at once, so that one error names all that are missing. */
function variables(text: string, path: Path, context: ReferenceContext): (name: string) => string {
  const names = [...new Set(findReferences(text).map(({ name }) => name))];
  const values = new Map(names.map((name) => [name, context.environment.get(name)]));
  const missing = names.filter((name) => values.get(name) === undefined);
  if (missing.length > 0) {
    throw new ConfigError(
      missing.flatMap((name) => {
        const refers = isWritten(path, context) ? 'refers to it' : 'refers to it by default';
        const message = `The environment variable ${name} is not set or is empty, and ${where(path)} ${refers}. Set it in the environment or in .inlet/env.`;
        return placed(path, message, context).problems;
      }),
    );
  }
  return (name) => values.get(name) ?? '';
}

export function placed(path: Path, message: string, context: ReferenceContext): ConfigError {
  const { document } = context;
  const position = isWritten(path, context) ? document.positionOf(path) : {};
  return new ConfigError([{ file: document.file, ...position, message }]);
}

/** False for a default, which stands in no line. */
const isWritten = (path: Path, { document }: ReferenceContext) => valueAt(document.value, path) !== undefined;

export function attempt<T>(work: () => T, problems: ConfigProblem[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
