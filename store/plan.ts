import type pg from 'pg';
import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import type { ImportTables } from './import-tables.js';
import { compared, type PeopleRows } from './row-sql.js';
import { only } from './store.js';

export interface PlannedChunk {
  contested: boolean;
  /** Blocks of the staging table, or levels of contested rows; both ends included. */
  first: number;
  last: number;
  /** Rows that must be found in the range, and rows that the chunk accounts for. */
  rowsPromised: number;
  rows: number;
}

export interface PlanInput {
  tables: ImportTables;
  workspaceId: number;
  definition: Pick<SyncDefinition, 'identifyBy'>;
  settings: Pick<WorkspaceSettings, 'allowEmailUpdatesUsingId'>;
  rows: PeopleRows;
  /** Rows of a chunk, about. */
  chunkRows: number;
}

/**
 * Marks what is superseded and what is contested (docs/semantics.md, "The order"), and cuts the staged rows into
 * chunks. Runs in the caller's transaction; nothing of the workspace is written.
 */
export async function planRows(client: pg.ClientBase, input: PlanInput): Promise<PlannedChunk[]> {
  await client.query(`TRUNCATE ${input.tables.marks}`);
  await markSuperseded(client, input);
  await markContested(client, input);
  return [
    ...(await blockChunks(client, input.tables, input.chunkRows)),
    ...(await levelChunks(client, input.tables, input.chunkRows)),
  ];
}

/**
 * A row is superseded by a later one with the same key, unless either of them fails by itself. Only keys that repeat are
 * looked at twice. Superseded rows get level 0.
 */
async function markSuperseded(client: pg.ClientBase, { tables, rows }: PlanInput): Promise<void> {
  await client.query(`
    WITH repeated AS MATERIALIZED (
      SELECT ${rows.comparedKey} AS key FROM ${tables.stage} s GROUP BY 1 HAVING count(*) > 1
    ), sound AS MATERIALIZED (
      SELECT s.n, s.ctid AS place, repeated.key
      FROM repeated JOIN ${tables.stage} s ON ${rows.comparedKey} = repeated.key
        ${rows.laterals}
      WHERE (${rows.problem}) IS NULL
    ), ranked AS (
      SELECT n, place, max(n) OVER (PARTITION BY key) AS newest FROM sound
    )
    INSERT INTO ${tables.marks} (n, place, level)
    SELECT n, place, 0 FROM ranked WHERE n < newest`);
}

/**
 * An identifier is contested if more than one key wants it, or one wants it that another may give up; a row is
 * contested if it wants or may give up such an identifier. Identifiers are given up only where emails may change by id.
 * One that stays with its person is not contested, however many want it: all of them are refused, in any order. Any
 * superset would be right: contested rows are applied by the same statement, only in order.
 */
async function markContested(client: pg.ClientBase, input: PlanInput): Promise<void> {
  const { rows, definition, settings, workspaceId } = input;
  const { stage, marks, people } = input.tables;
  if (rows.other === 'NULL::text') return;
  const mayMove = definition.identifyBy === 'id' && settings.allowEmailUpdatesUsingId;
  const usable = `NOT inlet.is_blank(${rows.other})`;
  const person = (alias: string) => compared(rows.otherIdentifier, `${alias}.${rows.otherIdentifier}`);
  const personKey = (alias: string) => compared(rows.identifyBy, `${alias}.${rows.identifyBy}`);
  const givesUp = `EXISTS (SELECT FROM ${stage} s WHERE ${rows.comparedKey} = ${personKey('q')}
                           AND ${usable} AND ${rows.comparedOther} <> ${person('q')})`;

  await client.query(
    `CREATE TEMP TABLE inlet_contested (identifier text COLLATE "C" PRIMARY KEY) ON COMMIT DROP`,
  );
  await client.query(`
    INSERT INTO inlet_contested
    SELECT ${rows.comparedOther} AS identifier FROM ${stage} s WHERE ${usable}
    GROUP BY 1 HAVING count(*) > 1 AND bool_and((${rows.otherProblem}) IS NULL)`);
  await client.query('ANALYZE inlet_contested');
  // Whoever has a key keeps the identifier; those who may give it up are looked for next.
  await client.query(
    `DELETE FROM inlet_contested c USING ${people} q
     WHERE q.workspace_id = $1 AND ${person('q')} = c.identifier AND ${personKey('q')} IS NOT NULL`,
    [workspaceId],
  );
  if (mayMove)
    await client.query(
      `INSERT INTO inlet_contested
       SELECT DISTINCT ${person('q')}
       FROM ${people} q JOIN ${stage} s ON ${person('q')} = ${rows.comparedOther}
       WHERE q.workspace_id = $1 AND ${usable} AND ${personKey('q')} <> ${rows.comparedKey} AND ${givesUp}
       ON CONFLICT DO NOTHING`,
      [workspaceId],
    );
  const { rowCount } = await client.query('SELECT FROM inlet_contested LIMIT 1');
  if (rowCount === 0) return;
  await client.query('ANALYZE inlet_contested');

  await client.query(`
    INSERT INTO ${marks} (n, place, wants)
    SELECT s.n, s.ctid, c.identifier
    FROM ${stage} s JOIN inlet_contested c ON c.identifier = ${rows.comparedOther}
    WHERE ${usable}
    ON CONFLICT (n) DO NOTHING`);
  if (mayMove)
    await client.query(
      `INSERT INTO ${marks} AS m (n, place, wants, gives)
       SELECT s.n, s.ctid, CASE WHEN ${usable} THEN ${rows.comparedOther} END, c.identifier
       FROM inlet_contested c
       JOIN ${people} p ON p.workspace_id = $1 AND ${person('p')} = c.identifier
       JOIN ${stage} s ON ${rows.comparedKey} = ${personKey('p')}
       ON CONFLICT (n) DO UPDATE SET gives = excluded.gives`,
      [workspaceId],
    );
  await client.query('SELECT inlet.assign_levels($1::regclass)', [marks]);
  await client.query(`CREATE INDEX ON ${marks} (level)`);
  await client.query(`ANALYZE ${marks}`);
}

/** Ranges of blocks, in which superseded rows are counted and contested ones are left out. */
async function blockChunks(
  client: pg.ClientBase,
  { stage, marks }: ImportTables,
  size: number,
): Promise<PlannedChunk[]> {
  const { total, blocks } = only(
    await client.query<{ total: number; blocks: number }>(
      `SELECT (SELECT count(*) FROM ${stage}) AS total,
              pg_relation_size($1::regclass) / current_setting('block_size')::bigint AS blocks`,
      [stage],
    ),
  );
  if (total === 0) return [];
  const step = Math.max(1, Math.round((size * blocks) / total));
  const starts = Array.from({ length: Math.ceil(blocks / step) }, (_, index) => index * step);
  const { rows } = await client.query<{ bucket: number; found: number; contested: number }>(
    `SELECT width_bucket(s.ctid, $1::tid[]) AS bucket, count(*) AS found,
            count(*) FILTER (WHERE m.level > 0) AS contested
     FROM ${stage} s LEFT JOIN ${marks} m ON m.n = s.n
     GROUP BY 1 ORDER BY 1`,
    [starts.map((block) => `(${block},0)`)],
  );
  return rows.map(({ bucket, found, contested }) => ({
    contested: false,
    first: (bucket - 1) * step,
    last: bucket * step - 1,
    rowsPromised: found,
    rows: found - contested,
  }));
}

/** Runs of whole levels, in order; a level may be larger than a chunk, for its rows can't meet. */
async function levelChunks(
  client: pg.ClientBase,
  { marks }: ImportTables,
  size: number,
): Promise<PlannedChunk[]> {
  const { rows } = await client.query<{ first: number; last: number; count: number }>(
    `WITH levels AS (
       SELECT level, count(*) AS count FROM ${marks} WHERE level > 0 GROUP BY 1
     ), summed AS (
       SELECT level, count, (sum(count) OVER (ORDER BY level) - count)::bigint / $1 AS run FROM levels
     )
     SELECT min(level) AS first, max(level) AS last, sum(count)::bigint AS count
     FROM summed GROUP BY run ORDER BY 1`,
    [size],
  );
  return rows.map(({ first, last, count }) => ({
    contested: true,
    first,
    last,
    rowsPromised: count,
    rows: count,
  }));
}
