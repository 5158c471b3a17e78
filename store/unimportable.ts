import type pg from 'pg';
import type { SyncDefinition } from '../config/sync-definition.js';
import type { QueryName } from '../sources/source.js';
import { literal } from './cells.js';
import type { ImportTables } from './import-tables.js';
import { isOver, UNIMPORTABLE_CHUNK } from './max-failures.js';
import type { AnyRows } from './row-sql.js';
import { failureMessage } from './statement-result.js';

/** A staged query of an import that is planned. */
export interface PlannedQuery {
  query: QueryName;
  tables: ImportTables;
  rows: AnyRows;
  /** How many rows staging promised. */
  promised: number;
}

interface Unimportable extends PlannedQuery {
  /** How many rows fail by themselves, by reason code. */
  reasons: Record<string, number>;
  failed: number;
}

/**
 * Where rows that fail by themselves are already more than `maxFailures` allows: writes them to the failures, and into
 * the ledger as a chunk that is applied, which ends the import. In the caller's transaction, before anything else of the
 * ledger is written.
 * @returns false if they are not too many, or there is no limit; nothing is written then
 */
export async function stopBeforehand(
  client: pg.ClientBase,
  work: { key: string; definition: SyncDefinition; settings: { keepFailures: number } },
  queries: PlannedQuery[],
): Promise<boolean> {
  const { maxFailures } = work.definition;
  if (maxFailures === undefined) return false;
  const found: Unimportable[] = [];
  for (const query of queries) found.push({ ...query, ...(await countUnimportable(client, query)) });
  if (!found.some(({ failed, promised }) => isOver(maxFailures, failed, promised))) return false;
  for (const each of found.filter(({ failed }) => failed > 0)) {
    await writeChunk(client, work.key, each);
    await writeFailures(client, work, each);
  }
  return true;
}

async function countUnimportable(client: pg.ClientBase, { tables, rows }: PlannedQuery) {
  const counted = await client.query<{ reason: string; count: number }>(
    `SELECT i.problem AS reason, count(*) AS count
     FROM ${tables.stage} s ${rows.laterals} CROSS JOIN LATERAL (SELECT ${rows.problem} AS problem OFFSET 0) i
     WHERE i.problem IS NOT NULL GROUP BY 1`,
  );
  const reasons = Object.fromEntries(counted.rows.map(({ reason, count }) => [reason, count]));
  return { reasons, failed: counted.rows.reduce((sum, { count }) => sum + count, 0) };
}

async function writeChunk(
  client: pg.ClientBase,
  key: string,
  { query, failed, reasons }: Unimportable,
): Promise<void> {
  await client.query(
    `INSERT INTO inlet.chunk (import_id, query, chunk, kind, first, last, marked, fresh, rows_promised, rows, failed,
                              reasons, applied_at)
     VALUES ($1, $2, ${UNIMPORTABLE_CHUNK}, 'listed', 0, 0, false, false, $3, $3, $3, $4, now())`,
    [key, query, failed, JSON.stringify(reasons)],
  );
}

/** As applying would report them; closing forgets those beyond what is kept of both queries. */
async function writeFailures(
  client: pg.ClientBase,
  { key, definition, settings }: Parameters<typeof stopBeforehand>[1],
  { query, tables, rows }: Unimportable,
): Promise<void> {
  const message =
    query === 'main'
      ? failureMessage
      : `inlet.relationship_failure_message(reason, column_name, value, ${literal(definition.relationships?.objectType ?? '')})`;
  await client.query(
    `INSERT INTO ${tables.failures}
       (import_id, query, row_number, key, column_name, value, reason, message, collides_with, written, "row")
     SELECT $1, $2, n, key, column_name, value, reason, ${message}, collides_with, written, "row"
     FROM (
       SELECT s.n, ${rows.key} AS key, ${rows.problemColumn} AS column_name, ${rows.problemValue} AS value,
              i.problem AS reason, NULL::text AS collides_with, 'none' AS written, ${rows.row} AS "row"
       FROM ${tables.stage} s ${rows.laterals} CROSS JOIN LATERAL (SELECT ${rows.problem} AS problem OFFSET 0) i
       WHERE i.problem IS NOT NULL ORDER BY s.n LIMIT $3
     ) failing`,
    [key, query, settings.keepFailures],
  );
}
