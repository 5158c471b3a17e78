import type pg from 'pg';
import type { MaxFailures } from '../config/sync-definition.js';
import type { QueryName } from '../sources/source.js';

/** More rows of a query failed than `maxFailures` allows (docs/semantics.md, "Too many failures"). */
export interface Excess {
  sync: string;
  number: number;
  query: QueryName;
  limit: MaxFailures;
  /** How many rows the query gave, and how many of them failed so far. */
  rows: number;
  failed: number;
  /** How many rows of the import were applied or failed so far, and how many it has. */
  applied: number;
  total: number;
  /** The failed rows fail by themselves, so nothing was applied at all. */
  beforehand: boolean;
}

/**
 * The ledger number of what fails by itself and is too much: such an import has no other chunks. It is applied from the
 * beginning, so nobody takes it, and its failed rows count as those of other chunks do.
 */
export const UNIMPORTABLE_CHUNK = 0;

/** Exact: percentages have at most three decimals. */
export function isOver(limit: MaxFailures, failed: number, rows: number): boolean {
  if ('rows' in limit) return failed > limit.rows;
  return failed * 100_000 > rows * Math.round(limit.percent * 1_000);
}

/**
 * Whether an import's failed rows are more than its definition allows. The ledger is all that decides, and failed rows
 * only become more there: whoever asks, and however often, gets the same answer once it is yes.
 */
export async function findExcess(client: pg.ClientBase | pg.Pool, key: string): Promise<Excess | null> {
  const { rows } = await client.query<Omit<Excess, 'number'> & { number: number }>(
    `SELECT s.name AS sync, i.number, c.query, i.definition->'maxFailures' AS "limit",
            CASE c.query WHEN 'main' THEN i.rows_promised ELSE i.relationships_rows_promised END AS rows,
            sum(c.failed)::bigint AS failed, (sum(sum(c.rows)) OVER ())::bigint AS applied,
            i.rows_promised + coalesce(i.relationships_rows_promised, 0) AS total,
            bool_or(c.chunk = ${UNIMPORTABLE_CHUNK}) AS beforehand
     FROM inlet.import i JOIN inlet.sync s USING (sync_id) JOIN inlet.chunk c USING (import_id)
     WHERE i.import_id = $1 AND i.definition ? 'maxFailures' AND c.applied_at IS NOT NULL
     GROUP BY s.name, i.import_id, c.query ORDER BY c.query`,
    [key],
  );
  return rows.find(({ limit, failed, rows: all }) => isOver(limit, failed, all)) ?? null;
}

/** The sentence of an import that failed so: what came of it, and what to do. */
export function excessSentence(excess: Excess): string {
  const { sync, number, query, limit, failed, beforehand, applied, total } = excess;
  const rows = query === 'main' ? 'rows' : 'relationship rows';
  const share = 'rows' in limit ? '' : ` (${percentText((failed / excess.rows) * 100)})`;
  const allowed = 'rows' in limit ? countText(limit.rows) : percentText(limit.percent);
  const what = beforehand ? "can't be imported" : 'failed';
  const end = beforehand
    ? 'Nothing was written.'
    : applied < total
      ? `It stopped when ${countText(applied)} of ${countText(total)} rows had been applied.`
      : 'By then all rows had been applied.';
  return (
    `${countText(failed)} of ${countText(excess.rows)} ${rows}${share} ${what}, and maxFailures allows ${allowed}. ${end} ` +
    `"inlet failures ${sync} ${number}" says why: mend them, leave them out of the query, or raise maxFailures.`
  );
}

const countText = (count: number) => count.toLocaleString('en-US');
const percentText = (percent: number) =>
  `${percent.toLocaleString('en-US', { maximumSignificantDigits: 3 })} %`;
