import { ConfigError, type ConfigProblem, type FilePlace } from './config-error.js';
import { alertsReference, type AlertsReference } from './alerts.js';
import { coherenceProblems } from './coherence.js';
import {
  databaseReference,
  resolveUrl,
  type DatabaseConnection,
  type DatabaseReference,
} from './database-connection.js';
import type { Environment } from './environment.js';
import { explainIssues, inOurWords } from './explain-issues.js';
import { didYouMean } from './near.js';
import { readQueries, type SyncQueries } from './queries.js';
import { workspaceFileSchema, type ParsedDatabase, type ParsedFile, type ParsedSync } from './schema.js';
import type {
  Anchor,
  ObjectsImport,
  PeopleImport,
  SyncDefinition,
  WorkspaceSettings,
} from './sync-definition.js';
import { readTextFile } from './text-file.js';
import { isMapping } from './plain-data.js';
import { readYaml, type YamlDocument } from './yaml-document.js';

export type {
  DatabaseConnection,
  PostgresConnection,
  RedshiftConnection,
  RedshiftDirectConnection,
} from './database-connection.js';

/** One inlet.yaml, checked, with its defaults filled in and its credentials not looked up yet. */
export interface WorkspaceFile {
  /** As it was given. */
  readonly path: string;
  readonly settings: WorkspaceSettings;
  /** The store's connection URL. Throws ConfigError if a variable is missing. */
  storeUrl(): string;
  /** Undefined where nobody wants to hear of alerts. */
  readonly alerts: AlertsReference | undefined;
  /** By name, in the order of the file. */
  readonly databases: ReadonlyMap<string, DatabaseReference>;
  readonly syncs: ReadonlyMap<string, SyncDefinition>;
  /** Where the nth `{{…}}` (from 0) of a sync's query is written: in this file, or in one that it names. */
  placeholderAt(sync: string, query: keyof SyncQueries, nth: number): FilePlace;
}

const defaultAnchor: Record<ParsedDatabase['type'], Anchor> = {
  postgres: 'start',
  redshift: 'end',
  'redshift-direct': 'end',
};

/**
 * Reads and checks an inlet.yaml and the query files that it names (docs/configuration.md). Environment variables are
 * looked up later, by `storeUrl`, `alerts` and `resolveDatabase`.
 *
 * @throws ConfigError with everything that is wrong
 */
export async function loadWorkspaceFile(path: string, environment: Environment): Promise<WorkspaceFile> {
  const read = await readTextFile(path);
  if ('problem' in read) throw new ConfigError([{ file: path, message: `The file ${read.problem}` }]);
  const document = withoutEmptySections(readYaml(path, read.text));
  const { parsed, queries } = await check(document);
  const context = { document, environment };

  return {
    path,
    settings: settingsOf(parsed.workspace),
    storeUrl: () => resolveUrl(parsed.store.url, ['store', 'url'], context),
    alerts: parsed.alerts && alertsReference(parsed.alerts, context),
    databases: new Map(
      inFileOrder(document, 'databases', parsed.databases).map(([name, database]) => [
        name,
        databaseReference(name, database, context),
      ]),
    ),
    syncs: new Map(
      inFileOrder(document, 'syncs', parsed.syncs).map(([name, sync]) => [
        name,
        definitionOf(name, sync, queries.get(name) ?? {}, parsed),
      ]),
    ),
    placeholderAt: (sync, query, nth) => queries.get(sync)?.[query]?.placeholderAt(nth) ?? { file: path },
  };
}

/**
 * Looks up the credentials of one of the file's databases.
 *
 * @throws ConfigError if the file has no such database, or names what is missing
 */
export function resolveDatabase(file: WorkspaceFile, name: string): DatabaseConnection {
  const database = file.databases.get(name);
  if (database !== undefined) return database.resolve();
  const guess = didYouMean(name, file.databases.keys());
  const message = `There is no database ${JSON.stringify(name)} in this file${guess || '.'}`;
  throw new ConfigError([{ file: file.path, message }]);
}

/** A section all of whose content is commented out counts as left out. */
function withoutEmptySections(document: YamlDocument): YamlDocument {
  if (!isMapping(document.value)) return document;
  const sections = Object.entries(document.value).filter(
    ([key, section]) => section !== null || !['store', 'databases', 'syncs'].includes(key),
  );
  return { ...document, value: Object.fromEntries(sections) };
}

async function check(
  document: YamlDocument,
): Promise<{ parsed: ParsedFile; queries: Map<string, SyncQueries> }> {
  const { file } = document;
  if (document.value === null) {
    const message = 'The file is empty. It needs at least a workspace with a name.';
    throw new ConfigError([{ file, message }]);
  }

  const result = workspaceFileSchema.safeParse(document.value, { error: inOurWords });
  const explained = explainIssues(result.error?.issues ?? [], document.value);
  const { queries, problems: queryProblems } = await readQueries(document, explained.isMeant);
  const problems: ConfigProblem[] = [
    ...document.problems.map((problem) => ({ file, ...problem })),
    ...explained.problems.map(({ path, atKey, message }) => ({
      file,
      ...(atKey ? document.positionOfKey(path) : document.positionOf(path)),
      message,
    })),
    ...coherenceProblems(document, explained.isMeant),
    ...queryProblems,
  ];
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return { parsed: result.data, queries };
}

/** An object's own order puts names that are numbers first. */
function inFileOrder<T>(document: YamlDocument, section: string, named: Record<string, T>): [string, T][] {
  const place = (name: string) => document.positionOfKey([section, name]);
  return Object.entries(named)
    .map(([name, value]) => ({ name, value, ...place(name) }))
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ name, value }) => [name, value]);
}

function settingsOf(workspace: ParsedFile['workspace']): WorkspaceSettings {
  const { name, identifiers, allowEmailUpdatesUsingId, keepImports, keepFailures } = workspace;
  return { name, identifiers, allowEmailUpdatesUsingId, keepImportsMs: keepImports.ms, keepFailures };
}

function definitionOf(
  name: string,
  sync: ParsedSync,
  queries: SyncQueries,
  file: ParsedFile,
): SyncDefinition {
  const { type } = file.databases[sync.database] ?? { type: 'postgres' };
  const [first = 'id'] = file.workspace.identifiers;
  const kind: PeopleImport | ObjectsImport =
    sync.import === 'people'
      ? {
          import: 'people',
          identifyBy: sync.identifyBy ?? first,
          ...(sync.segment !== undefined && { segment: sync.segment }),
        }
      : { import: 'objects', objectType: sync.objectType ?? '' };
  return {
    workspace: file.workspace.name,
    sync: name,
    name: sync.name ?? name,
    description: sync.description ?? '',
    database: sync.database,
    every: sync.every.text,
    everyMs: sync.every.ms,
    anchor: sync.anchor ?? defaultAnchor[type],
    whenBusy: sync.whenBusy ?? 'unset',
    ...(sync.startAt !== undefined && { startAt: sync.startAt }),
    overlapSeconds: sync.overlap.ms / 1000,
    maxRows: sync.maxRows,
    ...(sync.maxFailures !== undefined && { maxFailures: sync.maxFailures }),
    mode: sync.mode,
    query: queries.main?.text ?? '',
    ...kind,
    ...(sync.relationships !== undefined && {
      relationships: {
        objectType: sync.relationships.objectType ?? sync.objectType ?? '',
        identifyBy: sync.relationships.identifyBy ?? sync.identifyBy ?? first,
        query: queries.relationships?.text ?? '',
      },
    }),
  };
}
