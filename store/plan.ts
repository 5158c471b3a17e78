import type pg from 'pg';
import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import { markContested } from './contested.js';
import type { ImportScope } from './import-scope.js';
import { tablesLookedUp, type ImportTables } from './import-tables.js';
import type { AnyRows } from './row-sql.js';
import { findRepeated, keyHash } from './repeated.js';
import { settleRows } from './settle.js';
import { blocksOf, mendStatistics } from './statistics.js';
import { only } from './store.js';

/** Where a chunk's rows are, and how they are applied: see `inlet.chunk`. */
export type ChunkKind = 'blocks' | 'listed' | 'contested' | 'settled';

export interface PlannedChunk {
  kind: ChunkKind;
  /** Blocks of the staging table, or positions in the marks; both ends included. */
  first: number;
  last: number;
  /** Rows that must be found in the range, and rows that the chunk accounts for. */
  rowsPromised: number;
  rows: number;
  /** Some of its rows are superseded or contested. */
  marked: boolean;
  /** The workspace had nobody (or no object of the type) when it was planned. */
  fresh: boolean;
}

export interface PlanInput<Rows extends AnyRows = AnyRows> {
  tables: ImportTables;
  scope: Pick<ImportScope, 'workspaceId' | 'objectTypeId' | 'membership'>;
  definition: Pick<SyncDefinition, 'mode'>;
  settings: Pick<WorkspaceSettings, 'allowEmailUpdatesUsingId'>;
  rows: Rows;
  /** Rows that were staged. If they are no longer there, the chunks' rows don't add up to that. */
  promised: number;
  /** Rows of a chunk, about. */
  chunkRows: number;
  /**
   * Rows that would change nothing are settled at once if they are at least this share of a sample. Null: never, since
   * nothing can be told of one of them, then.
   */
  settlesFrom: number | null;
}

/**
 * Marks what is superseded and what is contested (docs/semantics.md, "The order"), and cuts the staged rows into
 * chunks. Runs in the caller's transaction; nothing of the workspace is written.
 */
export async function planRows(client: pg.ClientBase, input: PlanInput): Promise<PlannedChunk[]> {
  await client.query(`TRUNCATE ${input.tables.marks}`);
  for (const table of tablesLookedUp(input.rows.kind, input.tables)) await mendStatistics(client, table);
  const { rows, tables, scope, chunkRows, promised } = input;
  const repeated = await findRepeated(client, tables.stage, rows);
  const superseded = repeated.keys ? await markSuperseded(client, input) : 0;
  const contested =
    rows.kind === 'people' ? await markContested(client, { ...input, rows }, repeated.others) : 0;
  if (superseded + contested > 0) await client.query(`ANALYZE ${tables.marks}`);
  const fresh = await isFresh(client, rows.kind, tables, scope);
  const settled =
    input.settlesFrom !== null && !fresh && promised > chunkRows
      ? await settleRows(client, { ...input, superseded, contested, from: input.settlesFrom })
      : null;
  const atPositions = (kind: ChunkKind, count: number, first: number, marked: boolean) =>
    positionChunks({ kind, count, first, marked }, chunkRows);
  return [
    ...(settled === null
      ? await blockChunks(client, input, { fresh, hasMarks: superseded + contested > 0 })
      : atPositions('listed', settled.listed, settled.first, superseded > 0)),
    ...atPositions('contested', contested, 1, false),
    ...(settled === null ? [] : settledChunk(settled.settled)),
  ];
}

/**
 * A row is superseded by a later one with the same key, unless either of them fails by itself. Only rows whose key's hash
 * repeats are looked at. Superseded rows get level 0.
 * @returns how many there are
 */
async function markSuperseded(client: pg.ClientBase, { tables, rows }: PlanInput): Promise<number> {
  const identity = rows.identity.map((part, index) => `${part} AS identity${index}`);
  const marked = await client.query(`
    WITH sound AS MATERIALIZED (
      SELECT s.n, s.ctid AS place, ${identity.join(', ')}
      FROM inlet_repeated r JOIN ${tables.stage} s ON ${keyHash(rows)} = r.hash AND r.of_key ${rows.laterals}
      WHERE (${rows.problem}) IS NULL
    ), ranked AS (
      SELECT n, place, max(n) OVER (PARTITION BY ${rows.identity.map((_, index) => `identity${index}`).join(', ')}) AS newest FROM sound
    )
    INSERT INTO ${tables.marks} (n, place, level)
    SELECT n, place, 0 FROM ranked WHERE n < newest`);
  return marked.rowCount ?? 0;
}

/** Ranges of blocks, in which superseded rows are counted and contested ones are left out. */
async function blockChunks(
  client: pg.ClientBase,
  { tables: { stage, marks }, chunkRows, promised }: PlanInput,
  { fresh, hasMarks }: { fresh: boolean; hasMarks: boolean },
): Promise<PlannedChunk[]> {
  const blocks = await blocksOf(client, stage);
  const step = Math.max(1, Math.round((chunkRows * blocks) / Math.max(1, promised)));
  const starts = Array.from({ length: Math.ceil(blocks / step) }, (_, index) => index * step);
  const place = (block: number) => `(${block},0)`;
  // Range by range: to sort all rows into them would take three times as long.
  const { rows } = await client.query<{ bucket: number; found: number; marked: number; contested: number }>(
    `SELECT b.bucket, (SELECT count(*) FROM ${stage} s WHERE s.ctid >= b.first AND s.ctid < b.beyond) AS found,
            coalesce(m.marked, 0) AS marked, coalesce(m.contested, 0) AS contested
     FROM unnest($1::tid[], $2::tid[]) WITH ORDINALITY b(first, beyond, bucket)
     LEFT JOIN (SELECT width_bucket(place, $1::tid[]) AS bucket, count(level) AS marked, count(*) FILTER (WHERE level > 0) AS contested
                FROM ${marks} WHERE ${hasMarks} GROUP BY 1) m USING (bucket)
     ORDER BY 1`,
    [starts.map(place), starts.map((start) => place(start + step))],
  );
  return rows
    .filter(({ found }) => found > 0)
    .map(({ bucket, found, marked, contested }) => ({
      kind: 'blocks',
      first: (bucket - 1) * step,
      last: bucket * step - 1,
      rowsPromised: found,
      rows: found - contested,
      marked: marked > 0,
      fresh,
    }));
}

/** Whether there is nothing yet that the rows could be about; relationships are looked up all the same. */
async function isFresh(
  client: pg.ClientBase,
  kind: AnyRows['kind'],
  { people, objects }: ImportTables,
  { workspaceId, objectTypeId }: PlanInput['scope'],
): Promise<boolean> {
  if (kind === 'relationships') return false;
  const isPeople = kind === 'people';
  const { fresh } = only(
    await client.query<{ fresh: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM ${isPeople ? people : objects} WHERE ${isPeople ? 'workspace_id' : 'object_type_id'} = $1) AS fresh`,
      [isPeople ? workspaceId : objectTypeId],
    ),
  );
  return fresh;
}

/** Runs of positions, in order. */
function positionChunks(
  { kind, count, first: start, marked }: { kind: ChunkKind; count: number; first: number; marked: boolean },
  size: number,
): PlannedChunk[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => {
    const first = start + index * size;
    const rows = Math.min(size, count - index * size);
    return { kind, first, last: first + rows - 1, rowsPromised: rows, rows, marked, fresh: false };
  });
}

/** One chunk of all rows that are settled, which nobody looks at again. */
const settledChunk = (rows: number): PlannedChunk[] =>
  rows === 0
    ? []
    : [{ kind: 'settled', first: 0, last: 0, rowsPromised: rows, rows, marked: false, fresh: false }];
