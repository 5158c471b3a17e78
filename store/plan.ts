import type pg from 'pg';
import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import { markContested } from './contested.js';
import type { ImportScope } from './import-scope.js';
import { tablesLookedUp, type ImportTables } from './import-tables.js';
import type { AnyRows } from './row-sql.js';
import { mendStatistics } from './statistics.js';
import { only } from './store.js';

export interface PlannedChunk {
  contested: boolean;
  /** Blocks of the staging table, or positions among the contested rows; both ends included. */
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
  scope: Pick<ImportScope, 'workspaceId' | 'objectTypeId'>;
  definition: Pick<SyncDefinition, 'mode'>;
  settings: Pick<WorkspaceSettings, 'allowEmailUpdatesUsingId'>;
  rows: Rows;
  /** Rows of a chunk, about. */
  chunkRows: number;
}

/**
 * Marks what is superseded and what is contested (docs/semantics.md, "The order"), and cuts the staged rows into
 * chunks. Runs in the caller's transaction; nothing of the workspace is written.
 */
export async function planRows(client: pg.ClientBase, input: PlanInput): Promise<PlannedChunk[]> {
  await client.query(`TRUNCATE ${input.tables.marks}`);
  for (const table of tablesLookedUp(input.rows.kind, input.tables)) await mendStatistics(client, table);
  const superseded = await markSuperseded(client, input);
  const { rows } = input;
  const contested = rows.kind === 'people' ? await markContested(client, { ...input, rows }) : 0;
  if (superseded + contested > 0) await client.query(`ANALYZE ${input.tables.marks}`);
  return [
    ...(await blockChunks(client, input, superseded + contested > 0)),
    ...contestedChunks(contested, input.chunkRows),
  ];
}

/**
 * A row is superseded by a later one with the same key, unless either of them fails by itself. Keys are counted by their
 * hash, which is half the work; only rows whose hash repeats are looked at again. Superseded rows get level 0.
 * @returns how many there are
 */
async function markSuperseded(client: pg.ClientBase, { tables, rows }: PlanInput): Promise<number> {
  const hash = rows.identity.reduce((seed, part) => `hashtextextended(${part}, ${seed})`, '0');
  await client.query(`
    CREATE TEMP TABLE inlet_repeated ON COMMIT DROP AS
    SELECT ${hash} AS hash FROM ${tables.stage} s GROUP BY 1 HAVING count(*) > 1`);
  const { rowCount } = await client.query('SELECT FROM inlet_repeated LIMIT 1');
  if (rowCount === 0) {
    await client.query('DROP TABLE inlet_repeated');
    return 0;
  }
  const identity = rows.identity.map((part, index) => `${part} AS identity${index}`);
  const marked = await client.query(`
    WITH sound AS MATERIALIZED (
      SELECT s.n, s.ctid AS place, ${identity.join(', ')}
      FROM inlet_repeated JOIN ${tables.stage} s ON ${hash} = inlet_repeated.hash ${rows.laterals}
      WHERE (${rows.problem}) IS NULL
    ), ranked AS (
      SELECT n, place, max(n) OVER (PARTITION BY ${rows.identity.map((_, index) => `identity${index}`).join(', ')}) AS newest FROM sound
    )
    INSERT INTO ${tables.marks} (n, place, level)
    SELECT n, place, 0 FROM ranked WHERE n < newest`);
  await client.query('DROP TABLE inlet_repeated');
  return marked.rowCount ?? 0;
}

/** Ranges of blocks, in which superseded rows are counted and contested ones are left out. */
async function blockChunks(
  client: pg.ClientBase,
  { tables, rows: { kind }, scope, chunkRows }: PlanInput,
  hasMarks: boolean,
): Promise<PlannedChunk[]> {
  const { stage, marks } = tables;
  const { total, blocks } = only(
    await client.query<{ total: number; blocks: number }>(
      `SELECT (SELECT count(*) FROM ${stage}) AS total,
              pg_relation_size($1::regclass) / current_setting('block_size')::bigint AS blocks`,
      [stage],
    ),
  );
  if (total === 0) return [];
  const fresh = await isFresh(client, kind, tables, scope);
  const step = Math.max(1, Math.round((chunkRows * blocks) / total));
  const starts = Array.from({ length: Math.ceil(blocks / step) }, (_, index) => `(${index * step},0)`);
  const { rows } = await client.query<{ bucket: number; found: number; marked: number; contested: number }>(
    `SELECT width_bucket(s.ctid, $1::tid[]) AS bucket, count(*) AS found,
            ${hasMarks ? 'count(m.level)' : '0'} AS marked, ${hasMarks ? 'count(*) FILTER (WHERE m.level > 0)' : '0'} AS contested
     FROM ${stage} s ${hasMarks ? `LEFT JOIN ${marks} m ON m.n = s.n` : ''}
     GROUP BY 1 ORDER BY 1`,
    [starts],
  );
  return rows.map(({ bucket, found, marked, contested }) => ({
    contested: false,
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
function contestedChunks(count: number, size: number): PlannedChunk[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => {
    const first = index * size + 1;
    const last = Math.min(count, first + size - 1);
    const rows = last - first + 1;
    return { contested: true, first, last, rowsPromised: rows, rows, marked: false, fresh: false };
  });
}
