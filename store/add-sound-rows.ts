import type pg from 'pg';
import type { Mode } from '../config/sync-definition.js';
import type { ImportTables } from './import-tables.js';
import type { ObjectRows, PeopleRows } from './row-sql.js';
import { seen, type Range } from './staged-range.js';
import type { OutcomeCount } from './statement-result.js';

/** How a staged row (s) is added where nothing has to be looked up. */
export interface Addition {
  into: string;
  /** The table's columns, but for attributes and row_hash, and the SQL of each. */
  columns: Readonly<Record<string, string>>;
  /** A condition for a sound row, beside that it passes by itself. */
  sound: string;
  /** A CTE `joined` over the CTE `added`, which has the rows of the table; null without a segment. */
  joined: string | null;
}

/** A condition: the row is added as it is, if there was nothing yet. The other rows must be judged. */
const isSound = ({ problem }: Pick<PeopleRows, 'problem'>, level: string, { sound }: Addition) =>
  `(${level} IS NULL AND (${problem}) IS NULL AND ${sound})`;

/** A further condition for the rows that are judged: what the sound ones of the range are about is added already. */
export const unlessAdded = (
  range: Range,
  rows: PeopleRows | ObjectRows,
  level: string,
  addition: Addition,
) => (range.unsound === true ? `AND NOT ${isSound(rows, level, addition)}` : '');

interface Adding {
  tables: ImportTables;
  rows: PeopleRows | ObjectRows;
  mode: Mode;
}

/**
 * The statement that adds what the sound rows of a range are about, where there is nothing yet; null if there is none: where
 * nothing may be added, and for json, of which a deep cell must not find more of the stack here than when it comes again.
 */
export const addingSound = (
  { tables, rows, mode }: Adding,
  addition: Addition,
): ((range: Range) => string) | null =>
  mode === 'update' || rows.laterals !== '' ? null : (range) => addSoundRows(tables, rows, range, addition);

/**
 * One statement that adds what the sound rows of a range are about, where there is nothing yet: it keeps nothing of them,
 * which is a fifth less work than to judge them. It fails with unique_violation if somebody is there all the same.
 *
 * Parameters: $1 workspace or object type, $2 and $3 the range.
 * @returns SQL: an INSERT of the rows; with a segment, a SELECT that gives `OutcomeCount`s
 */
function addSoundRows(
  tables: ImportTables,
  rows: PeopleRows | ObjectRows,
  range: Range,
  addition: Addition,
): string {
  const { from, where, level } = seen(tables, range);
  const { into, columns, joined } = addition;
  const insert = `
  INSERT INTO ${into} (${Object.keys(columns).join(', ')}, attributes, row_hash)
  SELECT ${Object.values(columns).join(', ')}, a.attributes, ${rows.hash}
  FROM ${from} CROSS JOIN LATERAL (${rows.attributes('true')}) a
  WHERE ${where} AND ${isSound(rows, level, addition)}`;
  if (joined === null) return insert;
  return `
  WITH added AS (${insert} RETURNING person_id), ${joined}
  SELECT 'added' AS outcome, NULL AS reason, count(*) AS rows, 0::bigint AS added_by_failed FROM added
  UNION ALL SELECT 'joined', NULL, count(*), 0 FROM joined`;
}

/** What its result says. */
export const soundCounts = ({ command, rowCount, rows }: pg.QueryResult<OutcomeCount>): OutcomeCount[] =>
  command === 'INSERT' ? [{ outcome: 'added', reason: null, rows: rowCount ?? 0, added_by_failed: 0 }] : rows;
