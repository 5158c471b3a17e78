import type { Readable } from 'node:stream';
import type pg from 'pg';
import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import type { Column, QueryName } from '../sources/source.js';
import type { Encoding } from './cells.js';
import { levelsOf } from './contested-levels.js';
import type { ImportScope } from './import-scope.js';
import { planRows } from './plan.js';
import { copyWhatRowsTouch, createPreviewTables, tablesOf } from './preview-tables.js';
import type { RowVerdict } from './records.js';
import { rowsOf, type AnyRows } from './row-sql.js';
import { statementsFor } from './row-statement.js';
import { subjectOf } from './row-subject.js';
import { copyRows } from './staging.js';
import type { VerdictRow } from './statement-result.js';
import { bookkeeping, rolledBack, type Store } from './store.js';

/** What a preview judges, as if it were the whole import. */
export interface PreviewInput {
  settings: WorkspaceSettings;
  definition: SyncDefinition;
  encoding: Encoding;
  main: PreviewedQuery;
  /** Null for a sync without a relationship query. */
  relationships: PreviewedQuery | null;
}

export interface PreviewedQuery {
  columns: Column[];
  /** Gives COPY text of the first rows, at most some hundreds; asked once, in the order of the queries. */
  rows: () => Promise<Readable>;
}

interface StagedRows {
  query: QueryName;
  rows: AnyRows;
  /** How many they are. */
  promised: number;
}

/** A verdict for each row, in the order of the rows. */
export interface PreviewVerdicts {
  main: RowVerdict[];
  relationships: RowVerdict[];
}

/**
 * Judges rows against the workspace as it is. They are staged and applied by the statements of an import, on temporary
 * copies of what they can touch: nothing is written, and nobody is kept waiting.
 */
export async function previewRows(store: Store, input: PreviewInput): Promise<PreviewVerdicts> {
  const { settings, definition, encoding } = input;
  return await rolledBack(store, bookkeeping, async (client) => {
    const scope = await scopeOf(client, input);
    const queries = [
      { query: 'main' as const, ...input.main },
      ...(input.relationships === null ? [] : [{ query: 'relationships' as const, ...input.relationships }]),
    ];
    const staged: StagedRows[] = [];
    for (const { query, columns, rows: firstRows } of queries) {
      const subject = subjectOf(definition, query);
      await createPreviewTables(client, query, { subject, settings, columns });
      const cells = columns.map((_, index) => `c${index + 1}`).join(', ');
      const into = `${tablesOf(query).stage} (${cells})`;
      const promised = await copyRows(client, into, encoding, await firstRows());
      staged.push({ query, promised, rows: rowsOf(subject, settings, columns, encoding) });
    }
    await copyWhatRowsTouch(client, staged, scope);
    const verdicts: PreviewVerdicts = { main: [], relationships: [] };
    for (const one of staged) {
      const outcomes = await applyAll(client, input, one, scope);
      verdicts[one.query] = await readVerdicts(client, one.query, one.rows, outcomes);
    }
    return verdicts;
  });
}

/** A workspace or an object type that isn't there yet has a number that nothing else has, and so nothing in it. */
async function scopeOf(
  client: pg.ClientBase,
  { settings, definition }: PreviewInput,
): Promise<ImportScope & { objectTypeId: number; relatedTypeId: number }> {
  const { rows } = await client.query<{ id: number }>(
    'SELECT workspace_id AS id FROM inlet.workspace WHERE name = $1',
    [settings.name],
  );
  const workspaceId = rows[0]?.id ?? 0;
  const numberOf = async (type: string | undefined, otherwise: number) => {
    const found = await client.query<{ id: number }>(
      'SELECT object_type_id AS id FROM inlet.object_type WHERE workspace_id = $1 AND name = $2',
      [workspaceId, type ?? null],
    );
    return found.rows[0]?.id ?? otherwise;
  };
  const imported = definition.import === 'objects' ? definition.objectType : undefined;
  const related = definition.relationships?.objectType;
  return {
    workspaceId,
    objectTypeId: await numberOf(imported, -1),
    relatedTypeId: await numberOf(related, related === imported ? -1 : -2),
    membership: null,
  };
}

type Verdict = VerdictRow['outcome'];

async function applyAll(
  client: pg.ClientBase,
  { definition, settings }: PreviewInput,
  { query, rows, promised }: StagedRows,
  scope: ImportScope,
): Promise<Map<number, Verdict>> {
  const tables = tablesOf(query);
  const outcomes = new Map<number, Verdict>();
  const { sql, within } = statementsFor({ tables, rows, definition, settings, scope });
  for (const chunk of await planRows(client, {
    tables,
    scope,
    definition,
    settings,
    rows,
    promised,
    chunkRows: 1_000,
    settlesFrom: null,
  })) {
    const isContested = chunk.kind === 'contested';
    const of = isContested ? 'contested' : 'blocks';
    const statement = sql({ of, marked: chunk.marked, fresh: false }, 'verdicts');
    for (const { first, last } of isContested ? await levelsOf(client, tables.marks, chunk) : [chunk]) {
      const result = await client.query<VerdictRow>(statement, [within, first, last, 0, 1_000_000]);
      for (const { n, outcome } of result.rows) outcomes.set(n, outcome);
    }
  }
  return outcomes;
}

type VerdictSource = Omit<RowVerdict, 'verdict' | 'failure'> & {
  [Field in keyof Failure]: Failure[Field] | null;
};
type Failure = NonNullable<RowVerdict['failure']>;

async function readVerdicts(
  client: pg.ClientBase,
  query: QueryName,
  rows: AnyRows,
  outcomes: Map<number, Verdict>,
): Promise<RowVerdict[]> {
  const { stage, failures } = tablesOf(query);
  const staged = await client.query<VerdictSource>(
    `SELECT s.n AS "rowNumber", (${rows.row})::text AS "row", f.column_name AS "column", f.value, f.reason, f.message,
            f.collides_with AS "collidesWith", f.written
     FROM ${stage} s ${rows.laterals} LEFT JOIN ${failures} f ON f.query = $1 AND f.row_number = s.n
     ORDER BY s.n`,
    [query],
  );
  return staged.rows.map(({ rowNumber, row, column, value, reason, message, collidesWith, written }) => {
    const verdict = outcomes.get(rowNumber);
    if (verdict === undefined) throw new Error(`Row ${rowNumber} has no verdict. This is a bug in Inlet.`);
    const failure =
      column === null || reason === null || message === null || written === null
        ? null
        : { column, value, reason, message, collidesWith, written };
    return { rowNumber, row, verdict, failure };
  });
}
