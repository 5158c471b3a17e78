import { ConfigError, type FilePlace } from '../config/config-error.js';
import type { Environment } from '../config/environment.js';
import { queriesOf } from '../config/sync-definition.js';
import { loadWorkspaceFile, type DatabaseConnection, type WorkspaceFile } from '../config/workspace-file.js';
import { openSource } from '../sources/open-source.js';
import { findQuotedPlaceholders } from '../sources/quoted-placeholders.js';
import type { Finding } from '../sources/source.js';

const patienceMs = 60_000;

/** What `inlet check` complains of, with the place in a file that it is about. */
export interface CheckProblem extends FilePlace {
  level: 'error' | 'warning';
  /** `configuration`: the file, or a variable that it names. `query`: what a query says. `database`: what one answers. */
  rule: CheckRule;
  message: string;
}

export type CheckRule = 'configuration' | 'query' | 'database';

export interface CheckedDatabase {
  file: string;
  database: string;
  findings: Finding[];
}

export interface CheckedFile {
  path: string;
  /** Undefined if it could not be read to its end. */
  file: WorkspaceFile | undefined;
  databases: CheckedDatabase[];
  problems: CheckProblem[];
}

export interface CheckOptions {
  environment: Environment;
  /** The databases to connect to, of those that the file has. */
  select: (file: WorkspaceFile) => string[];
  /** Called with each database as soon as it and those before it have answered. */
  onDatabase: (checked: CheckedDatabase) => void;
}

/**
 * Checks one file, and connects to databases of it. A variable that is missing for one database does not keep the others
 * from being checked.
 */
export async function checkFile(path: string, options: CheckOptions): Promise<CheckedFile> {
  const { environment, select, onDatabase } = options;
  const checked: CheckedFile = { path, file: undefined, databases: [], problems: [] };
  const file = await attempt(checked, () => loadWorkspaceFile(path, environment));
  if (file === undefined) return checked;
  checked.file = file;

  const names = select(file);
  const pending = names.map(async (name) => {
    const connection = await attempt(checked, () => file.databases.get(name)?.resolve());
    return connection && { file: path, database: name, findings: await findings(connection) };
  });
  for (const each of pending) {
    const database = await each;
    if (database === undefined) continue;
    checked.databases.push(database);
    checked.problems.push(...databaseProblems(file, database));
    onDatabase(database);
  }
  const isOfAll = names.length === 0 || names.length === file.databases.size;
  checked.problems.push(...queryProblems(file, isOfAll ? undefined : names));
  return checked;
}

async function attempt<T>({ problems }: CheckedFile, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const ofFile = { level: 'error', rule: 'configuration' } as const;
    problems.push(...error.problems.map((problem) => ({ ...ofFile, ...problem })));
    return undefined;
  }
}

async function findings(connection: DatabaseConnection): Promise<Finding[]> {
  const source = openSource(connection);
  try {
    return await source.check(AbortSignal.timeout(patienceMs));
  } finally {
    await source.close();
  }
}

function databaseProblems(file: WorkspaceFile, { database, findings: found }: CheckedDatabase) {
  const place = file.databases.get(database)?.place ?? { file: file.path };
  return found.flatMap(({ level, subject, message }): CheckProblem[] =>
    level === 'ok'
      ? []
      : [
          {
            ...place,
            level: level === 'problem' ? 'error' : 'warning',
            rule: 'database',
            message: `${database}: ${subject}: ${message}`,
          },
        ],
  );
}

/** What the queries that read from these databases (undefined: from any) say without being run. */
function queryProblems(file: WorkspaceFile, databases: string[] | undefined): CheckProblem[] {
  return [...file.syncs.values()]
    .filter(({ database }) => databases === undefined || databases.includes(database))
    .flatMap((definition) =>
      queriesOf(definition).flatMap(({ name, text }) =>
        findQuotedPlaceholders(text).map(({ nth, message }) => ({
          ...file.placeholderAt(definition.sync, name, nth),
          level: 'warning' as const,
          rule: 'query' as const,
          message: `${definition.sync}: ${message}`,
        })),
      ),
    );
}
