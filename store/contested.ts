import type pg from 'pg';
import type { Identifier } from '../config/sync-definition.js';
import type { PlanInput } from './plan.js';
import { otherHash } from './repeated.js';
import { compared, rightsOf, usable, type PeopleRows } from './row-sql.js';
import { only } from './store.js';

/**
 * An identifier is contested if more than one key wants it, or one wants it that another may give up; a row is
 * contested if it wants or may give up such an identifier (docs/semantics.md, "The order"). Identifiers are given up only
 * where emails may change by id. One that stays with its person is not contested, however many want it: all of them are
 * refused, in any order. Any superset would be right: contested rows are applied by the same statement, only in order.
 * @param isRepeated whether some other identifier's hash repeats among the rows (`findRepeated`)
 * @returns how many rows are contested; they have their levels and positions
 */
export async function markContested(
  client: pg.ClientBase,
  input: PeoplePlan,
  isRepeated: boolean,
): Promise<number> {
  const { rows, definition, settings } = input;
  const { mayMove } = rightsOf(rows, definition.mode, settings);
  if (rows.other === null || rows.comparedOther === null || !(isRepeated || mayMove)) return 0;
  const other = { cell: rows.other, compared: rows.comparedOther };
  await client.query(
    `CREATE TEMP TABLE inlet_contested (identifier text COLLATE "C" PRIMARY KEY) ON COMMIT DROP`,
  );
  if (isRepeated) await findWantedByMany(client, input, other);
  if (mayMove) await findGivenUp(client, input, other);
  const { rowCount } = await client.query('SELECT FROM inlet_contested LIMIT 1');
  if (rowCount === 0) return 0;

  await client.query('ANALYZE inlet_contested');
  await markWanting(client, input, other);
  if (mayMove) await markGiving(client, input, other);
  await client.query('SELECT inlet.assign_levels($1::regclass)', [input.tables.marks]);
  await client.query(`CREATE INDEX ON ${input.tables.marks} (position)`);
  const { contested } = only(
    await client.query<{ contested: number }>(
      `SELECT count(position) AS contested FROM ${input.tables.marks}`,
    ),
  );
  return contested;
}

type PeoplePlan = PlanInput<PeopleRows>;

/** The other identifier's cell of a staged row, and as it is compared. */
interface Other {
  cell: string;
  compared: string;
}

/** Identifiers that more than one key wants, and that nobody with a key has. */
async function findWantedByMany(
  client: pg.ClientBase,
  { tables: { stage, marks, people }, rows, scope: { workspaceId } }: PeoplePlan,
  other: Other,
): Promise<void> {
  await client.query(`
    INSERT INTO inlet_contested
    SELECT ${other.compared}
    FROM inlet_repeated r JOIN ${stage} s ON ${otherHash(other.compared)} = r.hash AND NOT r.of_key
    WHERE ${usable(other.cell)} AND NOT EXISTS (SELECT FROM ${marks} m WHERE m.n = s.n)
    GROUP BY 1
    HAVING count(*) > 1 AND bool_and(inlet.identifier_problem('${rows.otherIdentifier}', ${other.cell}) IS NULL)`);
  await client.query('ANALYZE inlet_contested');
  // A workspace that the statistics don't know yet would be taken for one of few people, and be read whole for each row.
  await client.query(`ANALYZE (SKIP_LOCKED) ${people}`);
  // Whoever has a key keeps the identifier; those who may give it up are looked for next.
  await client.query(
    `DELETE FROM inlet_contested c USING ${people} q
     WHERE q.workspace_id = $1 AND ${ofPerson(rows.otherIdentifier, 'q')} = c.identifier AND q.${rows.identifyBy} IS NOT NULL`,
    [workspaceId],
  );
}

/** Identifiers that one key wants, of a person whose own row wants another one. */
async function findGivenUp(
  client: pg.ClientBase,
  { tables: { stage, people }, rows, scope: { workspaceId } }: PeoplePlan,
  other: Other,
): Promise<void> {
  const held = ofPerson(rows.otherIdentifier, 'q');
  const key = ofPerson(rows.identifyBy, 'q');
  await client.query(
    `INSERT INTO inlet_contested
     SELECT DISTINCT ${held}
     FROM ${people} q JOIN ${stage} s ON ${held} = ${other.compared}
     WHERE q.workspace_id = $1 AND ${usable(other.cell)} AND ${key} <> ${rows.comparedKey}
       AND EXISTS (SELECT FROM ${stage} s
                   WHERE ${rows.comparedKey} = ${key} AND ${usable(other.cell)} AND ${other.compared} <> ${held})
     ON CONFLICT DO NOTHING`,
    [workspaceId],
  );
}

/**
 * Rows that want a contested identifier; of each, whether it takes it if it is free (or of somebody without a key, whom
 * it claims), which no other row changes: a row's person is only its own to change.
 */
async function markWanting(
  client: pg.ClientBase,
  { tables: { stage, marks, people }, rows, definition, settings, scope: { workspaceId } }: PeoplePlan,
  other: Other,
): Promise<void> {
  const { identifyBy: key, otherIdentifier } = rows;
  const { mayAdd, mayUpdate, mayMove } = rightsOf(rows, definition.mode, settings);
  await client.query(
    `INSERT INTO ${marks} (n, place, wants, takes, held)
     SELECT s.n, s.ctid, c.identifier,
            (${rows.problem}) IS NULL AND CASE
              WHEN q.person_id IS NOT NULL AND q.${key} IS NULL THEN p.person_id IS NULL AND ${mayUpdate}
              WHEN p.person_id IS NULL THEN ${mayAdd}
              ELSE ${mayUpdate} AND (p.${otherIdentifier} IS NULL OR ${mayMove})
            END,
            q.${key} IS NOT NULL
     FROM inlet_contested c JOIN ${stage} s ON c.identifier = ${other.compared} ${rows.laterals}
     LEFT JOIN ${people} q ON q.workspace_id = $1 AND ${ofPerson(otherIdentifier, 'q')} = c.identifier
     LEFT JOIN ${people} p ON p.workspace_id = $1 AND ${ofPerson(key, 'p')} = ${rows.comparedKey}
     WHERE ${usable(other.cell)}
     ON CONFLICT (n) DO NOTHING`,
    [workspaceId],
  );
}

/** Rows whose person may give up a contested identifier. What they want may be nobody else's concern. */
async function markGiving(
  client: pg.ClientBase,
  { tables: { stage, marks, people }, rows, scope: { workspaceId } }: PeoplePlan,
  other: Other,
): Promise<void> {
  await client.query(
    `INSERT INTO ${marks} AS m (n, place, wants, gives)
     SELECT s.n, s.ctid, ${other.compared}, c.identifier
     FROM inlet_contested c
     JOIN ${people} p ON p.workspace_id = $1 AND ${ofPerson(rows.otherIdentifier, 'p')} = c.identifier
     JOIN ${stage} s ON ${rows.comparedKey} = ${ofPerson(rows.identifyBy, 'p')}
     WHERE ${usable(other.cell)} AND ${other.compared} <> c.identifier
     ON CONFLICT (n) DO UPDATE SET gives = excluded.gives`,
    [workspaceId],
  );
}

/** A person's identifier, as it is compared. */
const ofPerson = (identifier: Identifier, alias: string) => compared(identifier, `${alias}.${identifier}`);
