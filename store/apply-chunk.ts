import type pg from 'pg';
import type { QueryName } from '../sources/source.js';
import { soundCounts } from './add-sound-rows.js';
import { levelByLevel, levelsOf } from './contested-levels.js';
import { trimFailures } from './failures.js';
import { readScope } from './import-scope.js';
import { importTables, tablesLookedUp, type ImportTables } from './import-tables.js';
import type { StagedQuery } from './imports.js';
import type { StagedWork } from './ledger.js';
import type { PlannedChunk } from './plan.js';
import { rowsOf } from './row-sql.js';
import { subjectOf } from './row-subject.js';
import { statementsFor, type Statements } from './row-statement.js';
import { seen, type Range } from './staged-range.js';
import type { Outcome, OutcomeCount } from './statement-result.js';
import { mendStatistics } from './statistics.js';
import { only, unlessRefused } from './store.js';

/** A chunk of the ledger, by its query and number. */
export interface Chunk extends PlannedChunk {
  query: QueryName;
  chunk: number;
}

/** The sums of one chunk's outcomes, and its failed rows by reason code. */
export type ChunkCounts = Record<Outcome | 'contested' | 'joined' | 'addedByFailed', number> & {
  reasons: Record<string, number>;
};

/** Applies the staged rows of one chunk in the caller's transaction, and gives what became of them. */
export async function applyChunk(
  client: pg.ClientBase,
  work: StagedWork,
  staged: StagedQuery,
  chunk: Chunk,
): Promise<ChunkCounts> {
  if (chunk.kind === 'settled') return { ...summed([]), unchanged: chunk.rows };
  // Plans from the statistics of a fresh staging table pick merge and hash joins over all people, and from those of an
  // empty workspace a scan of everybody, who may be many before the chunk is through: the indexes win. No key of the main
  // query comes twice, so remembering who was found is for nothing; relationships name one object often. Nor may estimates
  // decide whether counts are made by sorting: that takes more of the stack, which must be the same each time for json that
  // is nested just deep enough.
  await client.query(
    `SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_bitmapscan = off;
     SET LOCAL enable_seqscan = off; SET LOCAL enable_material = off; SET LOCAL enable_sort = off;
     SET LOCAL enable_memoize = ${chunk.query === 'main' ? 'off' : 'on'}; SET LOCAL join_collapse_limit = 1; SET LOCAL work_mem = '64MB'`,
  );
  const { definition, settings } = work;
  const rows = rowsOf(subjectOf(definition, chunk.query), settings, staged.columns, work.staging.encoding);
  const tables = importTables(staged.table);
  for (const table of tablesLookedUp(rows.kind, tables)) await mendStatistics(client, table);
  const scope = await readScope(client, work);
  const statements = statementsFor({ tables, rows, definition, settings, scope });
  const keep = await failuresLeft(client, work, chunk, tables);
  const values = (first: number, last: number) => [statements.within, first, last, work.key, keep];
  if (chunk.kind !== 'contested')
    return summed(await applyRange(client, statements, { ...chunk, kind: chunk.kind }, values));
  const levels = await levelsOf(client, tables.marks, chunk);
  const byLevel = statements.sql({ of: 'contested', marked: false, fresh: false });
  const results = await levelByLevel(client, byLevel, levels, values);
  const counts = summed(results.flatMap(({ rows }) => rows));
  if (counts.failed > 0) await trimFailures(client, work.key);
  return counts;
}

/** Rows that can't meet, all by one statement; where there is nothing yet, the sound ones before the others. */
async function applyRange(
  client: pg.ClientBase,
  { sql, adding, within }: Statements,
  { kind, marked, fresh, first, last, rowsPromised }: Chunk & { kind: 'blocks' | 'listed' },
  values: (first: number, last: number) => (string | number)[],
): Promise<OutcomeCount[]> {
  const range = { of: kind, marked, fresh };
  const apply = async (different: Partial<Range>) => {
    const statement = sql({ ...range, ...different });
    return (await client.query<OutcomeCount>(statement, values(first, last))).rows;
  };
  if (!fresh) return apply({});
  const applyFresh = async () => {
    if (adding === null) return apply({});
    const sound = soundCounts(await client.query<OutcomeCount>(adding(range), [within, first, last]));
    return summed(sound).added === rowsPromised ? sound : [...sound, ...(await apply({ unsound: true }))];
  };
  // The form for a workspace that has nothing yet; the one for all cases if somebody else wrote meanwhile.
  return unlessRefused(client, UNIQUE_VIOLATION, applyFresh, () => apply({ fresh: false }));
}

const UNIQUE_VIOLATION = '23505';

function summed(results: OutcomeCount[]): ChunkCounts {
  const counts: ChunkCounts = {
    added: 0,
    updated: 0,
    unchanged: 0,
    skipped: 0,
    superseded: 0,
    failed: 0,
    related: 0,
    changed: 0,
    removed: 0,
    contested: 0,
    joined: 0,
    addedByFailed: 0,
    reasons: {},
  };
  for (const { outcome, reason, rows, added_by_failed } of results) {
    counts[outcome] += rows;
    counts.addedByFailed += added_by_failed;
    if (reason !== null) counts.reasons[reason] = (counts.reasons[reason] ?? 0) + rows;
  }
  return counts;
}

/**
 * How many failures of one statement may be among the first `keepFailures` of the import: chunks go in any order, and so
 * do the rows of contested ones, so only failures count that are known to be of earlier rows.
 */
async function failuresLeft(
  client: pg.ClientBase,
  { key, settings }: StagedWork,
  { query, kind, first, last }: Chunk,
  tables: ImportTables,
): Promise<number> {
  if (kind === 'contested') return settings.keepFailures;
  const range = { of: kind === 'blocks' ? kind : 'listed', marked: false, fresh: false } as const;
  const { from, where } = seen(tables, range);
  const { before } = only(
    await client.query<{ before: number }>(
      `SELECT CASE WHEN EXISTS (SELECT FROM inlet.import_failure WHERE import_id = $1) THEN (
         SELECT count(*) FROM inlet.import_failure
         WHERE import_id = $1 AND (query, row_number) < ($4, (SELECT min(s.n) FROM ${from} WHERE ${where}))
       ) ELSE 0 END AS before`,
      [key, first, last, query],
    ),
  );
  return Math.max(0, settings.keepFailures - before);
}
