import { Readable } from 'node:stream';
import type {
  MaxFailures,
  Mode,
  RelationshipsImport,
  SegmentTarget,
  SyncDefinition,
  WorkspaceSettings,
} from '../../config/sync-definition.js';
import type { Column, QueryName, Snapshot } from '../../sources/source.js';
import { closeImport, type Ended } from '../../store/end-import.js';
import { readFailures } from '../../store/failures.js';
import { adoptStaging, readOpenImport } from '../../store/imports.js';
import { applyNextChunk, planImport, type StagedWork } from '../../store/ledger.js';
import { openImport } from '../../store/open-import.js';
import { subjectOf } from '../../store/row-subject.js';
import type { FailureRecord, RowCounts } from '../../store/records.js';
import { analyzeStaging, copyIntoStaging, createStaging, qualified } from '../../store/staging.js';
import type { Store } from '../../store/store.js';
import { ensureWorkspace, saveSync } from '../../store/workspaces.js';

/** Cells of a row as their text; null is NULL. */
export type Cells = (string | null)[];

interface StagedRows {
  /** Column names, or whole columns; text unless said. */
  columns: (string | Column)[];
  rows: Cells[];
}

export interface ImportOptions extends StagedRows {
  workspace?: string;
  sync?: string;
  number?: number;
  mode?: Mode;
  identifyBy?: 'id' | 'email';
  /** Imports objects of this type, and not people. */
  objectType?: string;
  segment?: SegmentTarget;
  relationships?: Omit<RelationshipsImport, 'query'> & StagedRows;
  identifiers?: ('id' | 'email')[];
  allowEmailUpdatesUsingId?: boolean;
  keepFailures?: number;
  maxFailures?: MaxFailures;
  /** COPY text in place of `rows`, and its encoding; UTF8 unless said. */
  bytes?: Readable;
  encoding?: Snapshot['encoding'];
  /** Rows of a chunk, and how many connections apply at once. */
  chunkRows?: number;
  /** As of `planImport`. */
  settlesFrom?: number;
  lanes?: number;
  /** Puts few rows on a block of the stage, so that few rows make many chunks. */
  sparse?: boolean;
}

export interface ImportOutcome extends Ended {
  failures: FailureRecord[];
}

export function definitionOf(options: Omit<ImportOptions, 'rows'>): SyncDefinition {
  return {
    workspace: options.workspace ?? 'acme',
    sync: options.sync ?? 'customers',
    name: 'Customers',
    description: '',
    database: 'crm',
    every: '1h',
    everyMs: 3_600_000,
    anchor: 'start',
    whenBusy: 'unset',
    overlapSeconds: 1,
    maxRows: 1_000_000,
    ...(options.maxFailures !== undefined && { maxFailures: options.maxFailures }),
    mode: options.mode ?? 'add-and-update',
    query: 'SELECT 1',
    ...(options.objectType === undefined
      ? {
          import: 'people',
          identifyBy: options.identifyBy ?? 'id',
          ...(options.segment !== undefined && { segment: options.segment }),
        }
      : { import: 'objects', objectType: options.objectType }),
    ...(options.relationships !== undefined && {
      relationships: {
        objectType: options.relationships.objectType,
        identifyBy: options.relationships.identifyBy,
        query: 'SELECT 2',
      },
    }),
  };
}

export function settingsOf(options: Omit<ImportOptions, 'rows' | 'columns'>): WorkspaceSettings {
  return {
    name: options.workspace ?? 'acme',
    identifiers: options.identifiers ?? ['id', 'email'],
    allowEmailUpdatesUsingId: options.allowEmailUpdatesUsingId ?? false,
    keepImportsMs: 86_400_000,
    keepFailures: options.keepFailures ?? 100_000,
  };
}

export const column = (name: string, type: Column['type'] = 'text', array = false): Column => ({
  name,
  type,
  array,
  sourceType: type,
});

export const columnsOf = (columns: (string | Column)[]): Column[] =>
  columns.map((each) => (typeof each === 'string' ? column(each) : each));

/** COPY text of rows, as PostgreSQL would print it. */
export function copyText(rows: Cells[]): Readable {
  const escaped = (cell: string) =>
    cell.replace(
      /[\\\n\r\t]/g,
      (char) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[char] ?? char,
    );
  const lines = rows.map(
    (row) => row.map((cell) => (cell === null ? '\\N' : escaped(cell))).join('\t') + '\n',
  );
  return Readable.from(lines.map((line) => Buffer.from(line)));
}

let numbers = 0;

/** Opens an import and stages its rows. */
export async function stageImport(store: Store, options: ImportOptions): Promise<StagedWork> {
  const definition = definitionOf(options);
  const settings = settingsOf(options);
  const { encoding = 'UTF8' } = options;
  await saveSync(store, definition, settings);
  numbers += 1;
  const opened = await openImport(store, {
    definition,
    number: options.number ?? numbers,
    cause: 'schedule',
    full: false,
    lastSyncTime: 0,
    dueAt: Date.now(),
    grantedAt: Date.now(),
  });
  if (opened.kind === 'taken') throw new Error(`taken by ${opened.by.sync} ${opened.by.number}`);
  const stage = async (query: QueryName, columns: Column[], bytes: Readable) => {
    const shape = { subject: subjectOf(definition, query), settings, columns };
    const table = await createStaging(store, opened.key, shape);
    if (options.sparse === true)
      await store.pool.query(`ALTER TABLE ${qualified(table)} SET (fillfactor = 10)`);
    const meter = { rows: 0, bytes: 0, maxRows: definition.maxRows, query };
    const target = { table, columns: columns.length, encoding };
    const rows = await copyIntoStaging(store, target, bytes, meter);
    await analyzeStaging(store, table, shape);
    return { table, columns, rows };
  };
  const main = await stage('main', columnsOf(options.columns), options.bytes ?? copyText(options.rows));
  const { relationships } = options;
  const staging = await adoptStaging(store, opened.key, {
    ...main,
    encoding,
    relationships:
      relationships === undefined
        ? null
        : await stage('relationships', columnsOf(relationships.columns), copyText(relationships.rows)),
    startTime: 1_700_000_000,
    startBound: 'clock',
    warnings: [],
  });
  return { ...(await readOpenImport(store, opened.key)), staging };
}

/** Takes rows the whole way through the store, and gives what became of them. */
export async function importRows(store: Store, options: ImportOptions): Promise<ImportOutcome> {
  const work = await stageImport(store, options);
  await planImport(store, work, options.chunkRows ?? 3, options.settlesFrom);
  const lane = async () => {
    while (await applyNextChunk(store, work));
  };
  await Promise.all(Array.from({ length: options.lanes ?? 2 }, lane));
  const ended = await closeImport(store, work.key, { status: 'applied' });
  const failures: FailureRecord[] = [];
  const ref = { workspace: work.settings.name, sync: work.sync, number: work.number };
  for await (const failure of readFailures(store, ref)) failures.push(failure);
  return { ...ended, failures };
}

/**
 * Puts people into a workspace, past all rules.
 * @returns a mark for each that an import changes when it writes the person
 */
export async function addPeople(store: Store, people: Person[], workspace = 'acme'): Promise<Set<string>> {
  const client = await store.pool.connect();
  try {
    const workspaceId = await ensureWorkspace(client, workspace);
    const { rows } = await client.query<{ version: string }>(
      `WITH added AS (
         INSERT INTO inlet.person (workspace_id, id, email, attributes)
         SELECT $1, id, email, attributes
         FROM jsonb_to_recordset($2) AS p(id text, email text, attributes jsonb)
         RETURNING person_id, xmin
       ) SELECT person_id || ':' || xmin AS version FROM added`,
      [workspaceId, JSON.stringify(people)],
    );
    return new Set(rows.map(({ version }) => version));
  } finally {
    client.release();
  }
}

/** The marks of everybody who is in a workspace, as `addPeople` gives them. */
export async function versionsOf(store: Store, workspace: string): Promise<Set<string>> {
  const { rows } = await store.pool.query<{ version: string }>(
    `SELECT p.person_id || ':' || p.xmin AS version
     FROM inlet.person p JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1`,
    [workspace],
  );
  return new Set(rows.map(({ version }) => version));
}

export interface Person {
  id: string | null;
  email: string | null;
  attributes: Record<string, unknown>;
}

/** Everybody in a workspace, in the order in which they were added. */
export async function peopleOf(store: Store, workspace = 'acme'): Promise<Person[]> {
  const { rows } = await store.pool.query<Person>(
    `SELECT p.id, p.email, p.attributes FROM inlet.person p JOIN inlet.workspace w USING (workspace_id)
     WHERE w.name = $1 ORDER BY p.created_at, p.person_id`,
    [workspace],
  );
  return rows;
}

/** Counts without the zeros: reads like a sentence in a test. */
export const nonZero = (counts: RowCounts): Partial<RowCounts> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
