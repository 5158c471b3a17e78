import type pg from 'pg';
import type { QueryName } from '../sources/source.js';
import { applyChunk, type Chunk, type ChunkCounts } from './apply-chunk.js';
import { FencedOff, holdFence } from './fence.js';
import { prepareScope, readScope } from './import-scope.js';
import { importTables } from './import-tables.js';
import { stagedQueries, type OpenImport, type Staging } from './imports.js';
import { findExcess, UNIMPORTABLE_CHUNK } from './max-failures.js';
import { planRows, type PlannedChunk } from './plan.js';
import { rowsOf } from './row-sql.js';
import { subjectOf } from './row-subject.js';
import { qualified } from './staging.js';
import { applying, only, planning, transaction, type Store } from './store.js';
import { stopBeforehand } from './unimportable.js';

/** The staged rows are not what staging promised: the store's server crashed and emptied the table, or it is gone. */
export class StagingLost extends Error {
  constructor(readonly table: string) {
    super("The staged rows are gone, most likely because the store's server crashed.");
    this.name = 'StagingLost';
  }
}

/** Large enough that a chunk's overhead vanishes, small enough that a lost one is soon repeated. */
const CHUNK_ROWS = 20_000;
/** Below that, the rows that are left cost as much as all. */
const SETTLES_FROM = 0.5;

/** An import whose query is staged. */
export interface StagedWork extends OpenImport {
  staging: Staging;
}

/**
 * Plans a staged import and writes the ledger, once: repeated, it gives the ledger that is there. Where more rows fail
 * by themselves than `maxFailures` allows, there is nothing to apply.
 * @param chunkRows rows of a chunk, about; contested ones apart
 * @param settlesFrom the share of rows that would change nothing from which they are settled by the plan
 * @returns the number of chunks to apply
 * @throws FencedOff, StagingLost
 */
export async function planImport(
  store: Store,
  work: StagedWork,
  chunkRows = CHUNK_ROWS,
  settlesFrom = SETTLES_FROM,
): Promise<number> {
  return await transaction(store, planning, async (client) => {
    await holdFence(client, work.key);
    const { planned } = only(
      await client.query<{ planned: boolean }>(
        'SELECT planned_at IS NOT NULL AS planned FROM inlet.import WHERE import_id = $1 FOR UPDATE',
        [work.key],
      ),
    );
    if (!planned) {
      await client.query(`SET LOCAL work_mem = '128MB'`);
      await prepareScope(client, work);
      await planQueries(client, work, chunkRows, settlesFrom);
      await client.query('UPDATE inlet.import SET planned_at = clock_timestamp() WHERE import_id = $1', [
        work.key,
      ]);
    }
    const { chunks } = only(
      await client.query<{ chunks: number }>(
        'SELECT count(*) AS chunks FROM inlet.chunk WHERE import_id = $1 AND chunk <> $2',
        [work.key, UNIMPORTABLE_CHUNK],
      ),
    );
    return chunks;
  });
}

async function planQueries(
  client: pg.ClientBase,
  work: StagedWork,
  chunkRows: number,
  settlesFrom: number,
): Promise<void> {
  const { definition, settings, staging } = work;
  const scope = await readScope(client, work);
  const queries = stagedQueries(staging).map(({ query, staged }) => ({
    query,
    table: staged.table,
    tables: importTables(staged.table),
    rows: rowsOf(subjectOf(definition, query), settings, staged.columns, staging.encoding),
    promised: staged.rows,
  }));
  for (const { table } of queries) await mustExist(client, work, table);
  if (await stopBeforehand(client, work, queries)) return;
  for (const { query, tables, rows, promised } of queries) {
    const chunks = await planRows(client, {
      ...{ tables, scope, definition, settings, rows, promised, chunkRows },
      settlesFrom,
    });
    const found = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
    if (found !== promised) throw new StagingLost(staging.table);
    await writeLedger(client, work.key, query, chunks);
  }
}

async function mustExist(client: pg.ClientBase, { staging }: StagedWork, table: string): Promise<void> {
  const { there } = only(
    await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [qualified(table)]),
  );
  if (!there) throw new StagingLost(staging.table);
}

async function writeLedger(
  client: pg.ClientBase,
  key: string,
  query: QueryName,
  chunks: PlannedChunk[],
): Promise<void> {
  const numbered = chunks.map((chunk, index) => ({ chunk: index + 1, ...chunk }));
  await client.query(
    `INSERT INTO inlet.chunk (import_id, query, chunk, kind, first, last, marked, fresh, rows_promised, rows)
     SELECT $1, $3, c.chunk, c.kind, c.first, c.last, c.marked, c.fresh, c."rowsPromised", c.rows
     FROM jsonb_to_recordset($2) AS c(chunk int, kind text, first bigint, last bigint, marked boolean, fresh boolean,
                                      "rowsPromised" bigint, rows bigint)`,
    [key, JSON.stringify(numbered), query],
  );
}

/** A chunk that is committed, and what became of its rows. */
export interface AppliedChunk {
  query: QueryName;
  chunk: number;
  rows: number;
  counts: ChunkCounts;
}

/**
 * Takes the next chunk from the ledger and applies it, in one transaction: what it writes, failures and counts. A chunk
 * that is applied is never taken again, so a retry neither repeats effects nor counts twice.
 * @param tell is told of the chunk once it is committed, and so of each at most once
 * @returns false if there was none to take, or more rows failed than `maxFailures` allows
 * @throws FencedOff, StagingLost, and pg's errors
 */
export async function applyNextChunk(
  store: Store,
  work: StagedWork,
  tell: (applied: AppliedChunk) => void = () => undefined,
): Promise<boolean> {
  const applied = await transaction(store, applying, async (client) => {
    await holdFence(client, work.key);
    if (await isStopped(client, work)) return null;
    const chunk =
      (await takeFree(client, work.key, 'main')) ??
      (await takeContested(client, work.key)) ??
      (await takeRelationships(client, work.key));
    if (chunk === null) return null;
    const staged = stagedQueries(work.staging).find(({ query }) => query === chunk.query)?.staged;
    if (staged === undefined) throw new StagingLost(work.staging.table);
    await mustExist(client, work, staged.table);
    const counts = await applyChunk(client, work, staged, chunk);
    mustAddUp(work, chunk, counts);
    await writeCounts(client, work.key, chunk, counts);
    return { query: chunk.query, chunk: chunk.chunk, rows: chunk.rows, counts };
  });
  if (applied !== null) tell(applied);
  return applied !== null;
}

/** Whether more rows failed than `maxFailures` allows, so that nothing more is applied. */
export async function isStopped(client: pg.ClientBase | pg.Pool, work: StagedWork): Promise<boolean> {
  return work.definition.maxFailures !== undefined && (await findExcess(client, work.key)) !== null;
}

const chunkFields = `query, chunk, kind, first, last, marked, fresh, rows_promised AS "rowsPromised", rows`;

/** Any chunk of a query that is not contested and that nobody else works on. */
async function takeFree(client: pg.ClientBase, key: string, query: QueryName): Promise<Chunk | null> {
  const { rows } = await client.query<Chunk>(
    `SELECT ${chunkFields} FROM inlet.chunk
     WHERE import_id = $1 AND query = $2 AND applied_at IS NULL AND kind <> 'contested'
     ORDER BY chunk LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [key, query],
  );
  return rows[0] ?? null;
}

/** The first contested chunk, if nobody else works on contested ones: they go one after the other. */
async function takeContested(client: pg.ClientBase, key: string): Promise<Chunk | null> {
  const { mine } = only(
    await client.query<{ mine: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtext('inlet.contested'), hashtext($1)) AS mine`,
      [key],
    ),
  );
  if (!mine) return null;
  const { rows } = await client.query<Chunk>(
    `SELECT ${chunkFields} FROM inlet.chunk
     WHERE import_id = $1 AND query = 'main' AND applied_at IS NULL AND kind = 'contested'
     ORDER BY chunk LIMIT 1 FOR UPDATE`,
    [key],
  );
  return rows[0] ?? null;
}

/** A chunk of relationships, once all of the main query is in: they may be of people or objects that it added. */
async function takeRelationships(client: pg.ClientBase, key: string): Promise<Chunk | null> {
  const { rowCount } = await client.query(
    `SELECT FROM inlet.chunk WHERE import_id = $1 AND query = 'main' AND applied_at IS NULL LIMIT 1`,
    [key],
  );
  return rowCount === 0 ? await takeFree(client, key, 'relationships') : null;
}

/** A chunk must find exactly the rows that staging promised it. */
function mustAddUp({ staging }: StagedWork, chunk: Chunk, counts: ChunkCounts): void {
  const { added, updated, unchanged, skipped, superseded, failed, related, changed, removed, contested } =
    counts;
  const accounted = added + updated + unchanged + skipped + superseded + failed + related + changed + removed;
  if (accounted !== chunk.rows || accounted + contested !== chunk.rowsPromised)
    throw new StagingLost(staging.table);
}

async function writeCounts(
  client: pg.ClientBase,
  key: string,
  chunk: Chunk,
  counts: ChunkCounts,
): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE inlet.chunk SET applied_at = clock_timestamp(), added = $3, updated = $4, unchanged = $5, skipped = $6,
            superseded = $7, failed = $8, added_by_failed = $9, reasons = $10, related = $11, changed = $12, removed = $13,
            members_added = $14
     WHERE import_id = $1 AND query = $15 AND chunk = $2 AND applied_at IS NULL`,
    [
      key,
      chunk.chunk,
      counts.added,
      counts.updated,
      counts.unchanged,
      counts.skipped,
      counts.superseded,
      counts.failed,
      counts.addedByFailed,
      JSON.stringify(counts.reasons),
      counts.related,
      counts.changed,
      counts.removed,
      counts.joined,
      chunk.query,
    ],
  );
  if (rowCount !== 1) throw new FencedOff();
}
