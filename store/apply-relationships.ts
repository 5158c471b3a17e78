import type { ImportTables } from './import-tables.js';
import { compared, type RelationshipRows } from './row-sql.js';
import { seen, type Range } from './staged-range.js';
import { reporting, resultOf, type ResultKind } from './statement-result.js';
import { literal } from './cells.js';

export interface RelationshipsStatement {
  tables: ImportTables;
  rows: RelationshipRows;
  objectType: string;
  objectTypeId: number;
}

/**
 * One statement that applies a range of staged rows of a relationship query (docs/semantics.md, "Relationships"): reads
 * them, finds the object (o), the person (p) and what relates them (r), judges, writes relationships and failures, and
 * counts. No two of the rows are about one pair.
 *
 * Parameters: $1 workspace, $2 and $3 the range, $4 import, $5 how many failures are kept whole.
 * @returns SQL that gives `OutcomeCount`s, or with `verdicts` a row for each staged row (`VerdictRow`)
 */
export function applyRelationships(
  statement: RelationshipsStatement,
  range: Range,
  result: ResultKind = 'counts',
): string {
  const { tables, rows, objectType } = statement;
  const isObject = `refusal = 'no_such_object'`;
  const refusals = {
    column: `CASE WHEN ${isObject} THEN 'object_id' ELSE '${rows.identifyBy}' END`,
    value: `CASE WHEN ${isObject} THEN object_id ELSE key END`,
    collidesWith: 'NULL',
    written: `'none'`,
  };
  const message = `inlet.relationship_failure_message(reason, column_name, value, ${literal(objectType)})`;
  return `
  WITH ${judging(statement, range)}, ${writing(statement)},
  ${reporting('relationships', tables, rows, refusals, message)}
  ${resultOf(result)}`;
}

function judging({ tables, rows, objectTypeId }: RelationshipsStatement, range: Range): string {
  const { identifyBy } = rows;
  const { from, where, level } = seen(tables, range);
  const sound = `i.problem IS NULL AND ${level} IS NULL`;
  return `
  changes AS MATERIALIZED (
    SELECT s.n, s.ctid AS place, ${level} AS level, i.key, i.object_id, i.problem, d.refusal, d.action,
      o.object_key, p.person_id,
      CASE d.action
        WHEN 'relate' THEN a.attributes
        WHEN 'change' THEN CASE WHEN ${rows.changes('r.attributes', 'a.attributes')} THEN ${rows.merged('r.attributes', 'a.attributes')} END
      END AS merged
    FROM ${from}
    ${rows.laterals}
    CROSS JOIN LATERAL (
      SELECT ${rows.key} AS key, ${rows.objectId} AS object_id, ${rows.removes} AS removes, ${rows.problem} AS problem OFFSET 0
    ) i
    LEFT JOIN ${tables.objects} o ON o.object_type_id = ${objectTypeId} AND o.object_id = i.object_id
    LEFT JOIN ${tables.people} p ON p.workspace_id = $1
      AND ${compared(identifyBy, `p.${identifyBy}`)} = CASE WHEN ${sound} THEN ${compared(identifyBy, 'i.key')} END
    LEFT JOIN ${tables.relationships} r ON r.person_id = p.person_id AND r.object_key = o.object_key
    CROSS JOIN LATERAL (
      SELECT CASE
          WHEN NOT (${sound}) THEN 'none'
          WHEN r.person_id IS NOT NULL THEN CASE WHEN i.removes THEN 'remove' ELSE 'change' END
          WHEN i.removes OR o.object_key IS NULL OR p.person_id IS NULL THEN 'none'
          ELSE 'relate'
        END AS action,
        CASE
          WHEN i.removes OR NOT (${sound}) THEN NULL
          WHEN o.object_key IS NULL THEN 'no_such_object'
          WHEN p.person_id IS NULL THEN 'no_such_person'
        END AS refusal OFFSET 0
    ) d
    CROSS JOIN LATERAL (
      ${rows.attributes(`d.action IN ('relate', 'change')`)} OFFSET 0
    ) a
    WHERE ${where}
  ), outcome AS (
    SELECT n, coalesce(problem, refusal) AS reason, CASE
        WHEN level IS NOT NULL THEN 'superseded'
        WHEN problem IS NOT NULL OR refusal IS NOT NULL THEN 'failed'
        WHEN action = 'relate' THEN 'related'
        WHEN action = 'remove' THEN 'removed'
        WHEN merged IS NOT NULL THEN 'changed'
        ELSE 'unchanged'
      END AS outcome, false AS added_by_failed
    FROM changes
  )`;
}

/** A relationship that nothing changes is not written. */
function writing({ tables }: RelationshipsStatement): string {
  const table = tables.relationships;
  return `
  related AS (
    INSERT INTO ${table} (person_id, object_key, attributes)
    SELECT person_id, object_key, merged FROM changes WHERE action = 'relate'
  ), changed AS (
    UPDATE ${table} r SET attributes = c.merged, updated_at = now()
    FROM changes c
    WHERE c.action = 'change' AND c.merged IS NOT NULL AND r.person_id = c.person_id AND r.object_key = c.object_key
  ), removed AS (
    DELETE FROM ${table} r USING changes c
    WHERE c.action = 'remove' AND r.person_id = c.person_id AND r.object_key = c.object_key
  )`;
}
