import type { Mode } from '../config/sync-definition.js';
import { addingSound, unlessAdded, type Addition } from './add-sound-rows.js';
import type { ImportTables } from './import-tables.js';
import type { ObjectRows } from './row-sql.js';
import { seen, type Range } from './staged-range.js';
import { failureMessage, reporting, resultOf, type ResultKind } from './statement-result.js';

export interface ObjectsStatement {
  tables: ImportTables;
  rows: ObjectRows;
  mode: Mode;
}

/**
 * One statement that applies a range of staged rows of an objects query (docs/semantics.md, "Objects"): reads them, finds
 * the object that has the key (o), judges, writes objects and failures, and counts. No two of the rows are about one object.
 *
 * Parameters: $1 object type, $2 and $3 the range, $4 import, $5 how many failures are kept whole.
 * @returns SQL that gives `OutcomeCount`s, or with `verdicts` a row for each staged row (`VerdictRow`)
 */
export function applyObjects(
  statement: ObjectsStatement,
  range: Range,
  result: ResultKind = 'counts',
): string {
  const { tables, rows } = statement;
  const refusals = { column: 'NULL', value: 'NULL', collidesWith: 'NULL', written: `'none'` };
  return `
  WITH ${judging(statement, range)}, ${writing(statement, range)},
  ${reporting('main', tables, rows, refusals, failureMessage)}
  ${resultOf(result)}`;
}

function judging(statement: ObjectsStatement, range: Range): string {
  const { tables, rows, mode } = statement;
  const { from, where, level } = seen(tables, range);
  const found = range.fresh
    ? 'false'
    : `o.object_type_id = $1 AND o.object_id = CASE WHEN i.problem IS NULL AND ${level} IS NULL THEN i.key END`;
  return `
  changes AS MATERIALIZED (
    SELECT s.n, s.ctid AS place, ${level} AS level, i.key, i.problem, NULL::text AS refusal, d.action, o.object_key,
      CASE d.action
        WHEN 'add' THEN a.attributes
        WHEN 'update' THEN CASE WHEN ${rows.changes('o.attributes', 'a.attributes')} THEN ${rows.merged('o.attributes', 'a.attributes')} END
      END AS merged,
      CASE WHEN d.action IN ('add', 'update') THEN ${rows.hash} END AS row_hash
    FROM ${from}
    ${rows.laterals}
    CROSS JOIN LATERAL (SELECT ${rows.key} AS key, ${rows.problem} AS problem OFFSET 0) i
    LEFT JOIN ${tables.objects} o ON ${found}
    CROSS JOIN LATERAL (
      SELECT CASE
          WHEN i.problem IS NOT NULL OR ${level} IS NOT NULL THEN 'none'
          WHEN o.object_key IS NOT NULL THEN ${mode === 'add' ? `'skip'` : `'update'`}
          ELSE ${mode === 'update' ? `'skip'` : `'add'`}
        END AS action OFFSET 0
    ) d
    CROSS JOIN LATERAL (
      ${rows.attributes(`d.action IN ('add', 'update')`)} OFFSET 0
    ) a
    WHERE ${where} ${unlessAdded(range, rows, level, additionOf(statement))}
  ), outcome AS (
    SELECT n, problem AS reason, CASE
        WHEN level IS NOT NULL THEN 'superseded'
        WHEN problem IS NOT NULL THEN 'failed'
        WHEN action = 'skip' THEN 'skipped'
        WHEN action = 'add' THEN 'added'
        WHEN merged IS NOT NULL THEN 'updated'
        ELSE 'unchanged'
      END AS outcome, false AS added_by_failed
    FROM changes
  )`;
}

/** An object that nothing changes is not written; where none is looked up, none is changed. */
function writing({ tables }: ObjectsStatement, { fresh }: Range): string {
  return `
  added AS (
    INSERT INTO ${tables.objects} (object_type_id, object_id, attributes, row_hash)
    SELECT $1, key, merged, row_hash FROM changes WHERE action = 'add'
  )${
    fresh
      ? ''
      : `, written AS (
    UPDATE ${tables.objects} o SET attributes = c.merged, row_hash = c.row_hash, updated_at = now()
    FROM changes c WHERE c.action = 'update' AND o.object_key = c.object_key AND c.merged IS NOT NULL
  )`
  }`;
}

const additionOf = ({ tables, rows }: ObjectsStatement): Addition => ({
  into: tables.objects,
  columns: { object_type_id: '$1', object_id: rows.key },
  sound: 'true',
  joined: null,
});

/** How objects are added by their sound rows alone: see there. */
export const addingObjects = (statement: ObjectsStatement): ((range: Range) => string) | null =>
  addingSound(statement, additionOf(statement));
