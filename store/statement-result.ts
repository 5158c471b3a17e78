import type { QueryName } from '../sources/source.js';
import type { ImportTables } from './import-tables.js';
import type { RowSql } from './row-sql.js';

/*
 * How a statement that applies rows ends. It has judged them in a CTE `changes`, which has of each row at least n, place,
 * level, key, problem (why it fails by itself) and refusal (why it fails otherwise), and in a CTE `outcome` (n, outcome,
 * reason, added_by_failed). Its parameter $4 is the import, $5 how many failures are kept whole.
 */

export type Outcome =
  'added' | 'updated' | 'unchanged' | 'skipped' | 'superseded' | 'failed' | 'related' | 'changed' | 'removed';

/** What one row of the statement's result says of how rows of the range came out. */
export interface OutcomeCount {
  /** `contested` rows are left to chunks of their own; `joined` counts people who became members of the segment. */
  outcome: Outcome | 'contested' | 'joined';
  /** Reason code of failed rows. */
  reason: string | null;
  rows: number;
  added_by_failed: number;
}

/** A row of the statement's result when verdicts are asked for. */
export interface VerdictRow {
  n: number;
  outcome: Outcome;
}

export type ResultKind = 'counts' | 'verdicts';

/** SQL over `outcome`; `joined` is a CTE with a row for each new member, if there is a segment. */
export function resultOf(kind: ResultKind, joined?: string): string {
  if (kind === 'verdicts') return `SELECT n, outcome FROM outcome WHERE outcome <> 'contested' ORDER BY n`;
  return `
  SELECT outcome, CASE outcome WHEN 'failed' THEN reason END AS reason, count(*) AS rows,
         count(*) FILTER (WHERE added_by_failed) AS added_by_failed
  FROM outcome GROUP BY 1, 2${joined === undefined ? '' : ` UNION ALL SELECT 'joined', NULL, count(*), 0 FROM ${joined}`}`;
}

/** What is said of rows that fail not by themselves: SQL over `changes`. */
export interface Refusals {
  column: string;
  value: string;
  collidesWith: string;
  /** What was written all the same. */
  written: string;
}

/**
 * CTEs that write failures, with the row as it came, which is read again from the stage: few rows fail. OFFSET 0, or the
 * whole stage would be joined to them.
 * @param message SQL of the sentence, over reason, column_name, value, collides_with and written
 */
export function reporting(
  query: QueryName,
  { stage, failures }: ImportTables,
  rows: RowSql,
  refusals: Refusals,
  message: string,
): string {
  return `
  failing AS (
    SELECT n, place, key, problem IS NOT NULL AS by_itself, coalesce(problem, refusal) AS reason,
           ${refusals.column} AS refused_column, ${refusals.value} AS refused_value,
           ${refusals.collidesWith} AS collides_with, ${refusals.written} AS written
    FROM changes WHERE level IS NULL AND (problem IS NOT NULL OR refusal IS NOT NULL) ORDER BY n LIMIT $5
  ), reported AS (
    SELECT f.n, f.key, f.reason, f.collides_with, f.written, r."row",
           CASE WHEN f.by_itself THEN r.problem_column ELSE f.refused_column END AS column_name,
           CASE WHEN f.by_itself THEN r.problem_value ELSE f.refused_value END AS value
    FROM failing f CROSS JOIN LATERAL (
      SELECT ${rows.problemColumn} AS problem_column, ${rows.problemValue} AS problem_value, ${rows.row} AS "row"
      FROM ${stage} s ${rows.laterals} WHERE s.ctid = f.place OFFSET 0
    ) r
  ), kept AS (
    INSERT INTO ${failures}
      (import_id, query, row_number, key, column_name, value, reason, message, collides_with, written, "row")
    SELECT $4, '${query}', n, key, column_name, value, reason, ${message}, collides_with, written, "row"
    FROM reported
  )`;
}

export const failureMessage = 'inlet.failure_message(reason, column_name, value, collides_with, written)';
