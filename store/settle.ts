import type pg from 'pg';
import type { SyncDefinition } from '../config/sync-definition.js';
import type { ImportScope } from './import-scope.js';
import type { ImportTables } from './import-tables.js';
import { compared, type AnyRows } from './row-sql.js';
import { blocksOf, countRows } from './statistics.js';
import { only, unlessRefused } from './store.js';

/** The rows that are settled, and those that are left, which are listed at positions in the marks. */
export interface Settled {
  settled: number;
  listed: number;
  /** The first listed row's position. */
  first: number;
}

export interface SettleInput {
  tables: ImportTables;
  scope: Pick<ImportScope, 'workspaceId' | 'objectTypeId' | 'membership'>;
  definition: Pick<SyncDefinition, 'mode'>;
  rows: AnyRows;
  /** Rows that are superseded or contested; the contested ones have the positions from 1. */
  superseded: number;
  contested: number;
  /** With a smaller share of rows that would change nothing, looking through all of them does not pay. */
  from: number;
}

const SAMPLE_BLOCKS = 20;

/**
 * Settles rows that would change nothing: what they are about was last written by a row of the same cells. One join over
 * all rows finds them, which is much less than to judge each of them; the others are listed. Relationships can't be
 * settled beforehand, since who is meant by a row may change with the main query's rows.
 * @returns null if it would not pay; nothing is listed then
 */
export async function settleRows(client: pg.ClientBase, input: SettleInput): Promise<Settled | null> {
  const { tables, definition, superseded, contested, from } = input;
  const { stage, marks } = tables;
  const same = sameRows(input);
  if (same === null || definition.mode === 'add') return null;
  if ((await shareOfSame(client, stage, same)) < from) return null;

  const hasMarks = superseded + contested > 0;
  await withSharedMemory(
    client,
    `CREATE TEMP TABLE inlet_differing ON COMMIT DROP AS
     SELECT s.n, s.ctid AS place FROM ${stage} s ${same} ${hasMarks ? `LEFT JOIN ${marks} m ON m.n = s.n` : ''}
     WHERE ${hasMarks ? '(f.found IS NULL OR m.n IS NOT NULL) AND m.position IS NULL' : 'f.found IS NULL'}`,
  );
  const first = contested + 1;
  const { rowCount } = await client.query(`
    INSERT INTO ${marks} AS m (n, place, position)
    SELECT n, place, ${contested} + row_number() OVER (ORDER BY n) FROM inlet_differing
    ON CONFLICT (n) DO UPDATE SET position = excluded.position`);
  await client.query('DROP TABLE inlet_differing');
  const listed = rowCount ?? 0;
  if (listed > 0) {
    if (contested === 0) await client.query(`CREATE INDEX ON ${marks} (position)`);
    await client.query(`ANALYZE ${marks}`);
  }
  // As they are: what a crash of the server took from the stage must not pass for settled.
  const staged = await countRows(client, stage);
  return { settled: staged - contested - listed, listed, first };
}

/**
 * A join of many people by several processes takes hundreds of megabytes of shared memory, of which a container has 64
 * unless it is told otherwise. One process does without.
 */
async function withSharedMemory(client: pg.ClientBase, statement: string): Promise<void> {
  const run = () => client.query(statement);
  await unlessRefused(client, DISK_FULL, run, async () => {
    await client.query('SET LOCAL max_parallel_workers_per_gather = 0');
    return await run();
  });
}

/** What PostgreSQL says, too, where /dev/shm is full. */
const DISK_FULL = '53100';

/** A join that has `f.found` for a row s that would change nothing. */
function sameRows({ tables, rows, scope }: SettleInput): string | null {
  const found = (table: string, key: string, condition: string) => `
    LEFT JOIN (SELECT true AS found, ${key} AS key, t.row_hash FROM ${table} WHERE ${condition}) f`;
  switch (rows.kind) {
    case 'people': {
      const { membership, workspaceId } = scope;
      // Who is no member yet, joins: that is a change.
      const members =
        membership === null
          ? ''
          : ` JOIN inlet.segment_member h ON h.segment_id = ${membership.segmentId} AND h.person_id = t.person_id`;
      const key = compared(rows.identifyBy, `t.${rows.identifyBy}`);
      return `${found(`${tables.people} t${members}`, key, `t.workspace_id = ${workspaceId}`)}
        ON f.key = ${rows.comparedKey} AND f.row_hash = ${rows.hash}`;
    }
    case 'objects':
      return `${found(`${tables.objects} t`, 't.object_id', `t.object_type_id = ${scope.objectTypeId ?? -1}`)}
        ON f.key = ${rows.key} AND f.row_hash = ${rows.hash}`;
    case 'relationships':
      return null;
  }
}

/** Of the rows on some blocks here and there. */
async function shareOfSame(client: pg.ClientBase, stage: string, same: string): Promise<number> {
  const blocks = await blocksOf(client, stage);
  const percent = Math.min(100, (100 * SAMPLE_BLOCKS) / Math.max(1, blocks));
  const { share } = only(
    await client.query<{ share: number }>(
      `SELECT coalesce(avg((f.found IS TRUE)::int), 0)::float8 AS share
       FROM ${stage} s TABLESAMPLE SYSTEM (${percent.toFixed(4)}) REPEATABLE (1) ${same}`,
    ),
  );
  return share;
}
