import type { Mode, WorkspaceSettings } from '../config/sync-definition.js';
import type { ImportTables } from './import-tables.js';
import { compared, type PeopleRows } from './row-sql.js';

export interface PeopleStatement {
  tables: ImportTables;
  rows: PeopleRows;
  mode: Mode;
  settings: Pick<WorkspaceSettings, 'allowEmailUpdatesUsingId'>;
}

/** What one row of the statement's result says of how rows of the range came out. */
export interface OutcomeCount {
  outcome: 'added' | 'updated' | 'unchanged' | 'skipped' | 'superseded' | 'failed' | 'contested';
  rows: number;
  added_by_failed: number;
}

/** Rows of a range of blocks; contested rows are seen, and left to their own chunks. */
const inBlocks = ({ stage, marks }: ImportTables) => `
    FROM ${stage} s LEFT JOIN ${marks} m ON m.n = s.n`;
const blockRange = `s.ctid >= format('(%s,0)', $3::bigint)::tid AND s.ctid < format('(%s,0)', $4::bigint + 1)::tid`;

/** Contested rows of one level. */
const atLevel = ({ stage, marks }: ImportTables) => `
    FROM ${marks} m JOIN ${stage} s ON s.ctid = m.place`;
const levelRange = `m.level BETWEEN $3::bigint AND $4::bigint`;

/**
 * One statement that does both decision tables of docs/semantics.md to a range of staged rows, none of which can meet
 * another: reads them, finds the person who has the key (p) and the one who has the other identifier (q), judges, writes
 * people and failures, and counts. All of it sees one snapshot.
 *
 * Parameters: $1 workspace, $2 import, $3 and $4 the range, $5 how many failures are kept whole.
 * @returns SQL that gives `OutcomeCount`s, or with `verdicts` a row for each staged row (`VerdictRow`)
 */
export function applyPeople(
  statement: PeopleStatement,
  range: 'blocks' | 'levels',
  result: 'counts' | 'verdicts' = 'counts',
): string {
  const { tables, rows } = statement;
  const seen = range === 'blocks' ? inBlocks(tables) : atLevel(tables);
  const within = range === 'blocks' ? blockRange : levelRange;
  return `
  WITH staged AS MATERIALIZED (
    SELECT s.n, ${rows.key} AS key,
           CASE WHEN NOT inlet.is_blank(${rows.other}) THEN ${rows.other} END AS other,
           ${range === 'blocks' ? 'm.level' : 'NULL::bigint'} AS level,
           ${rows.problem} AS problem, ${rows.problemColumn} AS problem_column, ${rows.problemValue} AS problem_value,
           ${rows.otherProblem} AS other_problem,
           a.attributes, ${rows.removed} AS removed, s.ctid AS place
    ${seen}
    ${rows.laterals}
    CROSS JOIN LATERAL (SELECT ${rows.attributes} AS attributes OFFSET 0) a
    WHERE ${within}
  ), ${judging(statement)}, ${writing(statement)}, ${reporting(statement)}
  ${result === 'counts' ? counts : verdicts}`;
}

/** found: who has the key, who has the other identifier. judged: what the tables say. outcome: what that comes to. */
function judging({ tables, rows, mode, settings }: PeopleStatement): string {
  const { identifyBy: key, otherIdentifier: other } = rows;
  const mayAdd = mode !== 'update';
  const mayUpdate = mode !== 'add';
  const mayMove = key === 'id' && settings.allowEmailUpdatesUsingId;
  return `
  sound AS (
    SELECT * FROM staged WHERE level IS NULL AND problem IS NULL
  ), found AS (
    SELECT st.*, p.person_id AS person, p.${other} AS had_other, p.attributes AS had,
           q.person_id AS owner, q.${key} AS owner_key, q.id AS owner_id, q.email AS owner_email,
           q.attributes AS owner_had
    FROM sound st
    LEFT JOIN ${tables.people} p ON p.workspace_id = $1 AND ${compared(key, `p.${key}`)} = ${compared(key, 'st.key')}
    LEFT JOIN ${tables.people} q ON q.workspace_id = $1 AND ${compared(other, `q.${other}`)} = ${compared(other, 'st.other')}
                            AND st.other_problem IS NULL
  ), acts AS (
    SELECT f.*, CASE
        WHEN person IS NOT NULL THEN ${mayUpdate ? `'update'` : `'skip'`}
        WHEN owner IS NOT NULL AND owner_key IS NULL THEN ${mayUpdate ? `'claim'` : `'skip'`}
        ELSE ${mayAdd ? `'add'` : `'skip'`}
      END AS action
    FROM found f
  ), refused AS (
    SELECT a.*, CASE
        WHEN action IN ('skip', 'claim') OR other IS NULL THEN NULL
        WHEN other_problem IS NOT NULL THEN other_problem
        WHEN owner <> coalesce(person, -1) THEN 'belongs_to_another'
        WHEN had_other IS NOT NULL AND ${compared(other, 'had_other')} <> ${compared(other, 'other')}
          THEN ${mayMove ? 'NULL' : `'already_set'`}
      END AS refusal
    FROM acts a
  ), judged AS (
    SELECT r.*,
      coalesce(person, CASE action WHEN 'claim' THEN owner END) AS target,
      action = 'update' AND refusal IS NULL AND other IS NOT NULL
        AND (had_other IS NULL OR ${compared(other, 'had_other')} <> ${compared(other, 'other')}) AS sets_other,
      CASE action
        WHEN 'add' THEN attributes - removed
        WHEN 'update' THEN (had || attributes) - removed
        WHEN 'claim' THEN (owner_had || attributes) - removed
      END AS merged
    FROM refused r
  ), changes AS MATERIALIZED (
    SELECT n, key, other, place, action, target, refusal, sets_other, merged, owner, owner_id, owner_email,
      action = 'claim' OR sets_other OR (action = 'update' AND merged <> had) AS changed
    FROM judged
  ), outcome AS (
    SELECT n, CASE
        WHEN action = 'skip' THEN 'skipped'
        WHEN refusal IS NOT NULL THEN 'failed'
        WHEN action = 'add' THEN 'added'
        WHEN changed THEN 'updated'
        ELSE 'unchanged'
      END AS outcome, refusal IS NOT NULL AND action = 'add' AS added_by_failed
    FROM changes
    UNION ALL
    SELECT n, CASE WHEN level = 0 THEN 'superseded' WHEN level > 0 THEN 'contested' ELSE 'failed' END, false
    FROM staged WHERE level IS NOT NULL OR problem IS NOT NULL
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
    FROM changes c WHERE p.person_id = c.target AND c.changed
  )`;
}

/** Failures are written with the row as it came, which is read again from the stage: few rows fail. */
function reporting({ tables, rows }: PeopleStatement): string {
  const { otherIdentifier: other } = rows;
  return `
  failing AS (
    SELECT n, place, key, problem AS reason, problem_column AS column_name, problem_value AS value,
           NULL::text AS collides_with, 'none' AS written
    FROM staged WHERE problem IS NOT NULL AND level IS NULL
    UNION ALL
    SELECT n, place, key, refusal, '${other}', other,
           CASE WHEN refusal = 'belongs_to_another' THEN inlet.person_name(owner_id, owner_email) END,
           CASE WHEN action = 'add' THEN 'person' WHEN changed THEN 'attributes' ELSE 'none' END
    FROM changes WHERE refusal IS NOT NULL
  ), reported AS (
    SELECT f.n, f.key, f.column_name, f.value, f.reason, f.collides_with, f.written,
           inlet.failure_message(f.reason, f.column_name, f.value, f.collides_with, f.written) AS message,
           (SELECT ${rows.row} FROM ${tables.stage} s ${rows.laterals} WHERE s.ctid = f.place) AS "row"
    FROM failing f ORDER BY f.n LIMIT $5
  ), kept AS (
    INSERT INTO ${tables.failures}
      (import_id, query, row_number, key, column_name, value, reason, message, collides_with, written, "row")
    SELECT $2, 'main', n, key, column_name, value, reason, message, collides_with, written, "row" FROM reported
  )`;
}

const counts = `
  SELECT outcome, count(*) AS rows, count(*) FILTER (WHERE added_by_failed) AS added_by_failed
  FROM outcome GROUP BY outcome`;

/** A row of the statement's result when verdicts are asked for. */
export interface VerdictRow {
  n: number;
  outcome: Exclude<OutcomeCount['outcome'], 'contested'>;
}

const verdicts = `
  SELECT n, outcome FROM outcome WHERE outcome <> 'contested' ORDER BY n`;
