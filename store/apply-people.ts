import type { Identifier, Mode, WorkspaceSettings } from '../config/sync-definition.js';
import type { ImportTables } from './import-tables.js';
import { compared, rightsOf, usable, type PeopleRows } from './row-sql.js';

export interface PeopleStatement {
  tables: ImportTables;
  rows: PeopleRows;
  mode: Mode;
  settings: Pick<WorkspaceSettings, 'allowEmailUpdatesUsingId'>;
}

/** Which staged rows a statement works on, and what is known of them. */
export interface Range {
  /** Of blocks, or of positions among the contested rows. */
  of: 'blocks' | 'positions';
  /** Some rows of the blocks are superseded, or contested and left to chunks of their own. */
  marked: boolean;
  /** The workspace has nobody: no look-ups. It fails with unique_violation if that is untrue. */
  fresh: boolean;
}

/** What one row of the statement's result says of how rows of the range came out. */
export interface OutcomeCount {
  outcome: 'added' | 'updated' | 'unchanged' | 'skipped' | 'superseded' | 'failed' | 'contested';
  /** Reason code of failed rows. */
  reason: string | null;
  rows: number;
  added_by_failed: number;
}

/**
 * One statement that does both decision tables of docs/semantics.md to a range of staged rows that can't meet: reads
 * them, finds the person who has the key (p) and the one who has the other identifier (q), judges, writes people and
 * failures, and counts. All of it sees one snapshot.
 *
 * Parameters: $1 workspace, $2 import, $3 and $4 the range, $5 how many failures are kept whole.
 * @returns SQL that gives `OutcomeCount`s, or with `verdicts` a row for each staged row (`VerdictRow`)
 */
export function applyPeople(
  statement: PeopleStatement,
  range: Range,
  result: 'counts' | 'verdicts' = 'counts',
): string {
  return `
  WITH ${judging(statement, range)}, ${writing(statement)}, ${reporting(statement)}
  ${result === 'counts' ? counts : verdicts}`;
}

/** The staged rows (s), where some are marked (m), and the level by which superseded (0) and contested rows are known. */
function seen({ stage, marks }: ImportTables, { of, marked }: Range) {
  if (of === 'positions')
    return {
      from: `${marks} m JOIN ${stage} s ON s.ctid = m.place`,
      where: 'm.position BETWEEN $3::bigint AND $4::bigint',
      level: 'NULL::bigint',
    };
  return {
    from: marked ? `${stage} s LEFT JOIN ${marks} m ON m.n = s.n` : `${stage} s`,
    where: `s.ctid >= format('(%s,0)', $3::bigint)::tid AND s.ctid < format('(%s,0)', $4::bigint + 1)::tid`,
    level: marked ? 'm.level' : 'NULL::bigint',
  };
}

/**
 * What becomes of each row. OFFSET 0 keeps an expression from being copied into, and evaluated by, all that use it. q is
 * looked for only where it matters: not for who has that identifier already, which is nearly everybody the second time.
 */
function judging({ tables, rows, mode, settings }: PeopleStatement, range: Range): string {
  const { identifyBy: key, otherIdentifier: other } = rows;
  const { from, where, level } = seen(tables, range);
  const { mayAdd, mayUpdate, mayMove } = rightsOf(rows, mode, settings);
  const person = (alias: 'p' | 'q', identifier: Identifier, wanted: string) =>
    `LEFT JOIN ${tables.people} ${alias} ON ${range.fresh ? 'false' : `${alias}.workspace_id = $1 AND ${compared(identifier, `${alias}.${identifier}`)} = ${wanted}`}`;
  const sound = `i.problem IS NULL AND ${level} IS NULL`;
  const same = `p.${other} = i.other OR ${compared(other, `p.${other}`)} = ${compared(other, 'i.other')}`;
  return `
  changes AS MATERIALIZED (
    SELECT s.n, s.ctid AS place, ${level} AS level, i.key, i.other, i.problem, d.action, d.refusal,
      d.action = 'update' AND d.refusal IS NULL AND v.other IS NOT NULL AS sets_other,
      CASE d.action WHEN 'update' THEN p.person_id WHEN 'claim' THEN q.person_id END AS target,
      CASE d.action
        WHEN 'add' THEN a.attributes
        WHEN 'claim' THEN ${rows.merged('q.attributes', 'a.attributes')}
        WHEN 'update' THEN CASE
          WHEN d.refusal IS NULL AND v.other IS NOT NULL OR ${rows.changes('p.attributes', 'a.attributes')}
          THEN ${rows.merged('p.attributes', 'a.attributes')}
        END
      END AS merged,
      CASE WHEN d.refusal = 'belongs_to_another' THEN inlet.person_name(q.id, q.email) END AS collides_with
    FROM ${from}
    ${rows.laterals}
    CROSS JOIN LATERAL (
      SELECT ${rows.key} AS key, ${rows.other === null ? 'NULL::text' : `CASE WHEN ${usable(rows.other)} THEN ${rows.other} END`} AS other,
             ${rows.problem} AS problem OFFSET 0
    ) i
    ${person('p', key, `CASE WHEN ${sound} THEN ${compared(key, 'i.key')} END`)}
    CROSS JOIN LATERAL (
      SELECT o.other, CASE WHEN o.other IS NOT NULL THEN inlet.identifier_problem('${other}', o.other) END AS problem
      FROM (SELECT CASE WHEN ${sound} AND (${same}) IS NOT TRUE THEN i.other END AS other OFFSET 0) o
      OFFSET 0
    ) v
    ${person('q', other, `CASE WHEN v.problem IS NULL THEN ${compared(other, 'v.other')} END`)}
    CROSS JOIN LATERAL (
      SELECT CASE
          WHEN i.problem IS NOT NULL OR ${level} IS NOT NULL THEN 'none'
          WHEN p.person_id IS NOT NULL THEN ${mayUpdate ? `'update'` : `'skip'`}
          WHEN q.person_id IS NOT NULL AND q.${key} IS NULL THEN ${mayUpdate ? `'claim'` : `'skip'`}
          ELSE ${mayAdd ? `'add'` : `'skip'`}
        END AS action,
        CASE
          WHEN p.person_id IS NOT NULL THEN ${
            mayUpdate
              ? `CASE
            WHEN v.problem IS NOT NULL THEN v.problem
            WHEN q.person_id IS NOT NULL THEN 'belongs_to_another'
            WHEN v.other IS NOT NULL AND p.${other} IS NOT NULL THEN ${mayMove ? 'NULL' : `'already_set'`}
          END`
              : 'NULL'
          }
          WHEN q.person_id IS NULL THEN ${mayAdd ? 'v.problem' : 'NULL'}
          WHEN q.${key} IS NOT NULL THEN ${mayAdd ? `'belongs_to_another'` : 'NULL'}
        END AS refusal OFFSET 0
    ) d
    CROSS JOIN LATERAL (
      SELECT CASE WHEN d.action IN ('add', 'update', 'claim') THEN ${rows.attributes} END AS attributes OFFSET 0
    ) a
    WHERE ${where}
  ), outcome AS (
    SELECT n, coalesce(problem, refusal) AS reason, CASE
        WHEN level = 0 THEN 'superseded'
        WHEN level > 0 THEN 'contested'
        WHEN problem IS NOT NULL OR refusal IS NOT NULL THEN 'failed'
        WHEN action = 'skip' THEN 'skipped'
        WHEN action = 'add' THEN 'added'
        WHEN merged IS NOT NULL THEN 'updated'
        ELSE 'unchanged'
      END AS outcome, refusal IS NOT NULL AND action = 'add' AS added_by_failed
    FROM changes
  )`;
}

/** A person whom nothing changes is not written. */
function writing({ tables, rows }: PeopleStatement): string {
  const { identifyBy: key, otherIdentifier: other } = rows;
  return `
  added AS (
    INSERT INTO ${tables.people} (workspace_id, ${key}, ${other}, attributes)
    SELECT $1, key, CASE WHEN refusal IS NULL THEN other END, merged FROM changes WHERE action = 'add'
  ), written AS (
    UPDATE ${tables.people} p SET
      ${key} = coalesce(p.${key}, c.key),
      ${other} = CASE WHEN c.sets_other THEN c.other ELSE p.${other} END,
      attributes = c.merged, updated_at = now()
    FROM changes c WHERE p.person_id = c.target AND c.merged IS NOT NULL
  )`;
}

/**
 * Failures are written with the row as it came, which is read again from the stage: few rows fail. OFFSET 0, or the whole
 * stage would be joined to them.
 */
function reporting({ tables, rows }: PeopleStatement): string {
  return `
  failing AS (
    SELECT n, place, key, problem IS NOT NULL AS by_itself, coalesce(problem, refusal) AS reason, other, collides_with,
           CASE WHEN action = 'add' THEN 'person' WHEN merged IS NOT NULL THEN 'attributes' ELSE 'none' END AS written
    FROM changes WHERE level IS NULL AND (problem IS NOT NULL OR refusal IS NOT NULL) ORDER BY n LIMIT $5
  ), reported AS (
    SELECT f.n, f.key, f.reason, f.collides_with, f.written, r."row",
           CASE WHEN f.by_itself THEN r.problem_column ELSE '${rows.otherIdentifier}' END AS column_name,
           CASE WHEN f.by_itself THEN r.problem_value ELSE f.other END AS value
    FROM failing f CROSS JOIN LATERAL (
      SELECT ${rows.problemColumn} AS problem_column, ${rows.problemValue} AS problem_value, ${rows.row} AS "row"
      FROM ${tables.stage} s ${rows.laterals} WHERE s.ctid = f.place OFFSET 0
    ) r
  ), kept AS (
    INSERT INTO ${tables.failures}
      (import_id, query, row_number, key, column_name, value, reason, message, collides_with, written, "row")
    SELECT $2, 'main', n, key, column_name, value, reason,
           inlet.failure_message(reason, column_name, value, collides_with, written), collides_with, written, "row"
    FROM reported
  )`;
}

const counts = `
  SELECT outcome, CASE outcome WHEN 'failed' THEN reason END AS reason, count(*) AS rows,
         count(*) FILTER (WHERE added_by_failed) AS added_by_failed
  FROM outcome GROUP BY 1, 2`;

/** A row of the statement's result when verdicts are asked for. */
export interface VerdictRow {
  n: number;
  outcome: Exclude<OutcomeCount['outcome'], 'contested'>;
}

const verdicts = `
  SELECT n, outcome FROM outcome WHERE outcome <> 'contested' ORDER BY n`;
