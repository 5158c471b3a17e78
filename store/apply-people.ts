import type { Identifier, Mode, WorkspaceSettings } from '../config/sync-definition.js';
import { addingSound, unlessAdded, type Addition } from './add-sound-rows.js';
import type { Membership } from './import-scope.js';
import type { ImportTables } from './import-tables.js';
import { compared, rightsOf, usable, type PeopleRows } from './row-sql.js';
import { seen, type Range } from './staged-range.js';
import { failureMessage, reporting, resultOf, type ResultKind } from './statement-result.js';

export interface PeopleStatement {
  tables: ImportTables;
  rows: PeopleRows;
  mode: Mode;
  settings: Pick<WorkspaceSettings, 'allowEmailUpdatesUsingId'>;
  /** Null where nobody joins a segment. */
  membership: Membership | null;
}

/**
 * One statement that does both decision tables of docs/semantics.md to a range of staged rows that can't meet: reads
 * them, finds the person who has the key (p) and the one who has the other identifier (q), judges, writes people and
 * failures, and counts. All of it sees one snapshot.
 *
 * Parameters: $1 workspace, $2 and $3 the range, $4 import, $5 how many failures are kept whole.
 * @returns SQL that gives `OutcomeCount`s, or with `verdicts` a row for each staged row (`VerdictRow`)
 */
export function applyPeople(statement: PeopleStatement, range: Range, result: ResultKind = 'counts'): string {
  const { tables, rows, membership } = statement;
  const refusals = {
    column: `'${rows.otherIdentifier}'`,
    value: 'other',
    collidesWith: 'collides_with',
    written: `CASE WHEN action = 'add' THEN 'person' WHEN merged IS NOT NULL THEN 'attributes' ELSE 'none' END`,
  };
  return `
  WITH ${judging(statement, range)},
  ${outcomes}, ${writing(statement, range)}${joining(statement)},
  ${reporting('main', tables, rows, refusals, failureMessage)}
  ${resultOf(result, membership === null ? undefined : 'joined')}`;
}

/**
 * What becomes of each row. OFFSET 0 keeps an expression from being copied into, and evaluated by, all that use it. q is
 * looked for only where it matters: not for who has that identifier already, which is nearly everybody the second time.
 */
function judging(statement: PeopleStatement, range: Range): string {
  const { tables, rows, mode, settings } = statement;
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
      CASE WHEN d.action IN ('add', 'update', 'claim') AND d.refusal IS NULL THEN ${rows.hash} END AS row_hash,
      CASE WHEN d.refusal = 'belongs_to_another' THEN inlet.person_name(q.id, q.email) END AS collides_with
    FROM ${from}
    ${rows.laterals}
    CROSS JOIN LATERAL (
      SELECT ${rows.key} AS key, ${otherOf(rows)} AS other,
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
      ${rows.attributes(`d.action IN ('add', 'update', 'claim')`)} OFFSET 0
    ) a
    WHERE ${where} ${unlessAdded(range, rows, level, additionOf(statement))}
  )`;
}

/** The other identifier's cell, if there is one in it. */
const otherOf = ({ other }: PeopleRows) =>
  other === null ? 'NULL::text' : `CASE WHEN ${usable(other)} THEN ${other} END`;

const outcomes = `outcome AS (
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

/**
 * A person whom nothing changes is not written. Where nobody is looked up, nobody is changed, and there is no UPDATE: it
 * would be joined to everybody all the same, by a plan that takes the workspace for empty.
 */
function writing({ tables, rows }: PeopleStatement, { fresh }: Range): string {
  const { identifyBy: key, otherIdentifier: other } = rows;
  return `
  added AS (
    INSERT INTO ${tables.people} (workspace_id, ${key}, ${other}, attributes, row_hash)
    SELECT $1, key, CASE WHEN refusal IS NULL THEN other END, merged, row_hash FROM changes WHERE action = 'add'
    RETURNING person_id
  )${
    fresh
      ? ''
      : `, written AS (
    UPDATE ${tables.people} p SET
      ${key} = coalesce(p.${key}, c.key),
      ${other} = CASE WHEN c.sets_other THEN c.other ELSE p.${other} END,
      attributes = c.merged, row_hash = c.row_hash, updated_at = now()
    FROM changes c WHERE p.person_id = c.target AND c.merged IS NOT NULL
  )`
  }`;
}

/** Everybody whom a row is about joins the segment, if its row is neither skipped nor superseded. */
const joining = ({ membership }: PeopleStatement) =>
  membership === null
    ? ''
    : `, ${joinedOf(membership, 'SELECT target AS person_id FROM changes WHERE target IS NOT NULL UNION ALL SELECT person_id FROM added')}`;

/** @param people a query that gives their person_id */
const joinedOf = ({ segmentId, syncId, importNumber }: Membership, people: string) => `joined AS (
    INSERT INTO inlet.segment_member AS m (segment_id, person_id, sync_id, import_number)
    SELECT ${segmentId}, r.person_id, ${syncId}, ${importNumber} FROM (${people}) r
    WHERE NOT EXISTS (SELECT FROM inlet.segment_member h WHERE h.segment_id = ${segmentId} AND h.person_id = r.person_id)
    ON CONFLICT DO NOTHING RETURNING 1
  )`;

/** How newcomers are added of whom nothing is wrong. */
function additionOf({ tables, rows, membership }: PeopleStatement): Addition {
  const { identifyBy: key, otherIdentifier: other } = rows;
  return {
    into: tables.people,
    columns: { workspace_id: '$1', [key]: rows.key, [other]: otherOf(rows) },
    sound:
      rows.other === null
        ? 'true'
        : `((${usable(rows.other)}) IS NOT TRUE OR inlet.identifier_problem('${other}', ${rows.other}) IS NULL)`,
    joined: membership === null ? null : joinedOf(membership, 'SELECT person_id FROM added'),
  };
}

/** How people are added by their sound rows alone: see there. */
export const addingPeople = (statement: PeopleStatement): ((range: Range) => string) | null =>
  addingSound(statement, additionOf(statement));
