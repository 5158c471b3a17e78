import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError, type ConfigProblem } from './config-error.js';
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
export interface DatabaseConnection {
  type: 'postgres';
  name: string;
  url: string;
  /** Wins over `sslmode` in the URL; undefined leaves it to that, and else to the host. */
  ssl: SslMode | undefined;
  /** An absolute path, or `system`. */
  sslRootCert?: string;
  queryTimeoutMs: number;
}

/** A database as the file names it, its credentials not looked up yet. */
export interface DatabaseReference {
  readonly type: 'postgres';
  readonly name: string;
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
    resolve() {
      const path = ['databases', name];
      const problems: ConfigProblem[] = [];
      const url = attempt(() => resolveUrl(database.url, [...path, 'url'], context), problems);
      const written = database.sslRootCert;
      const sslRootCert =
        written === undefined
          ? undefined
          : attempt(() => resolveFile(written, [...path, 'sslRootCert'], context), problems);
      if (url === undefined || problems.length > 0) throw new ConfigError(problems);
      return {
        type: database.type,
        name,
        url,
        ssl: database.ssl,
        ...(sslRootCert !== undefined && { sslRootCert }),
        queryTimeoutMs: database.queryTimeout.ms,
      };
    },
  };
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

function placed(path: Path, message: string, context: ReferenceContext): ConfigError {
  const { document } = context;
  const position = isWritten(path, context) ? document.positionOf(path) : {};
  return new ConfigError([{ file: document.file, ...position, message }]);
}

/** False for a default, which stands in no line. */
const isWritten = (path: Path, { document }: ReferenceContext) => valueAt(document.value, path) !== undefined;

function attempt<T>(work: () => T, problems: ConfigProblem[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
