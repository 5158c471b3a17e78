import type { Readable } from 'node:stream';
import type pg from 'pg';
import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import type { Column } from '../sources/source.js';
import { levelsOf } from './apply-chunk.js';
import { applyPeople, type VerdictRow } from './apply-people.js';
import type { ImportTables } from './import-tables.js';
import { planRows } from './plan.js';
import type { RowVerdict } from './records.js';
import { compared, peopleRows, type Encoding, type PeopleRows } from './row-sql.js';
import { copyRows, marksColumns, stagingColumns } from './staging.js';
import { bookkeeping, rolledBack, type Store } from './store.js';

/** What a preview judges, as if it were the whole import. */
export interface PreviewInput {
  settings: WorkspaceSettings;
  definition: SyncDefinition;
  columns: Column[];
  encoding: Encoding;
  /** COPY text of the first rows; at most some hundreds. */
  rows: Readable;
}

const tables: ImportTables = {
  stage: 'pg_temp.preview_stage',
  marks: 'pg_temp.preview_marks',
  people: 'pg_temp.preview_people',
  failures: 'pg_temp.preview_failures',
};

/**
 * Judges rows against the workspace as it is. They are staged and applied by the statements of an import, on temporary
 * copies of the people whom they can touch: nothing is written, and nobody is kept waiting.
 * @returns a verdict for each row, in the order of the rows
 */
export async function previewRows(store: Store, input: PreviewInput): Promise<RowVerdict[]> {
  const { settings, definition, columns, encoding } = input;
  const rows = peopleRows(definition, settings, columns, encoding);
  return await rolledBack(store, bookkeeping, async (client) => {
    const workspace = await client.query<{ id: number }>(
      'SELECT workspace_id AS id FROM inlet.workspace WHERE name = $1',
      [settings.name],
    );
    // A workspace that isn't there yet has a number that nobody has, and so nobody in it.
    const workspaceId = workspace.rows[0]?.id ?? 0;
    await client.query(`
      CREATE TEMP TABLE preview_stage (${stagingColumns(input)}) ON COMMIT DROP;
      CREATE TEMP TABLE preview_marks (${marksColumns}) ON COMMIT DROP;
      CREATE TEMP TABLE preview_people (LIKE inlet.person INCLUDING ALL) ON COMMIT DROP;
      CREATE TEMP TABLE preview_failures (LIKE inlet.import_failure INCLUDING ALL) ON COMMIT DROP`);
    const cells = columns.map((_, index) => `c${index + 1}`).join(', ');
    const meter = { rows: 0, maxRows: Infinity };
    await copyRows(client, `${tables.stage} (${cells})`, encoding, input.rows, meter);
    await copyPeople(client, rows, workspaceId);
    const outcomes = await applyAll(client, { ...input, rows, workspaceId });
    return await readVerdicts(client, rows, outcomes);
  });
}

/** Only those who have one of the rows' identifiers can be touched by them. */
async function copyPeople(client: pg.ClientBase, rows: PeopleRows, workspaceId: number): Promise<void> {
  const { identifyBy: key, otherIdentifier: other } = rows;
  await client.query(
    `INSERT INTO ${tables.people} OVERRIDING SYSTEM VALUE
     SELECT p.* FROM inlet.person p WHERE p.workspace_id = $1 AND ${compared(key, `p.${key}`)} IN (SELECT ${rows.comparedKey} FROM ${tables.stage} s)
     UNION
     SELECT p.* FROM inlet.person p WHERE p.workspace_id = $1 AND ${compared(other, `p.${other}`)} IN (SELECT ${rows.comparedOther ?? 'NULL::text'} FROM ${tables.stage} s)`,
    [workspaceId],
  );
  await client.query(
    `SELECT setval(pg_get_serial_sequence('${tables.people}', 'person_id'), (SELECT coalesce(max(person_id), 0) + 1 FROM ${tables.people}))`,
  );
}

type Verdict = VerdictRow['outcome'];

async function applyAll(
  client: pg.ClientBase,
  input: Omit<PreviewInput, 'rows'> & { rows: PeopleRows; workspaceId: number },
): Promise<Map<number, Verdict>> {
  const { definition, settings, rows, workspaceId } = input;
  const outcomes = new Map<number, Verdict>();
  const plan = { tables, workspaceId, definition, settings, rows, chunkRows: 1_000 };
  for (const chunk of await planRows(client, plan)) {
    const range = {
      of: chunk.contested ? 'positions' : 'blocks',
      marked: chunk.marked,
      fresh: false,
    } as const;
    const statement = applyPeople({ tables, rows, mode: definition.mode, settings }, range, 'verdicts');
    for (const { first, last } of chunk.contested ? await levelsOf(client, tables.marks, chunk) : [chunk]) {
      const result = await client.query<VerdictRow>(statement, [workspaceId, 0, first, last, 1_000_000]);
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
  rows: PeopleRows,
  outcomes: Map<number, Verdict>,
): Promise<RowVerdict[]> {
  const staged = await client.query<VerdictSource>(
    `SELECT s.n AS "rowNumber", (${rows.row})::text AS "row", f.column_name AS "column", f.value, f.reason, f.message,
            f.collides_with AS "collidesWith", f.written
     FROM ${tables.stage} s ${rows.laterals} LEFT JOIN ${tables.failures} f ON f.row_number = s.n
     ORDER BY s.n`,
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
