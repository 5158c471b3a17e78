import { createHash } from 'node:crypto';
import type { Identifier, Mode, WorkspaceSettings } from '../config/sync-definition.js';
import type { Column } from '../sources/source.js';
import { attributesOf, type AttributesSql } from './attributes-sql.js';
import { lateralsOf, literal, readCells, rowAsItCame, type Cell, type Encoding } from './cells.js';
import type { ObjectsSubject, PeopleSubject, RelationshipsSubject, RowSubject } from './row-subject.js';
import { objectColumns, otherThan, peopleColumns, relationshipColumns } from './sorted-columns.js';

/**
 * How the staged rows of one query are read: SQL expressions over a staging table with the alias `s`, whose columns are
 * `n` (the row number, from 1) and `c1`, `c2`, … (the query's cells).
 */
export interface RowSql extends AttributesSql {
  /** Text that a failure calls the row's key. */
  key: string;
  /** What rows must have in common for the later to supersede the earlier, as it is compared. */
  identity: string[];
  /** LATERAL items that the other expressions need. */
  laterals: string;
  /** Reason code if the row fails by itself, else NULL; and the column and text of the cell at fault. */
  problem: string;
  problemColumn: string;
  problemValue: string;
  /** json of the row as it came, columns in the query's order. */
  row: string;
}

/** Rows whose effect depends on nothing but their cells. */
interface Hashed {
  /** bigint of all cells and of how they are read: rows of one hash do the same to what they are about. */
  hash: string;
}

/** Rows of a people query. */
export interface PeopleRows extends RowSql, PeopleSubject, Hashed {
  otherIdentifier: Identifier;
  /** Text of the other identifier; null if the query has none. */
  other: string | null;
  /** Both as identifiers are compared: email regardless of case. */
  comparedKey: string;
  comparedOther: string | null;
}

/** Rows of an objects query; `key` is the object's id. */
export interface ObjectRows extends RowSql, ObjectsSubject, Hashed {}

/** Rows of a relationship query; `key` is the person's identifier. */
export interface RelationshipRows extends RowSql, RelationshipsSubject {
  objectId: string;
  /** A condition: the row removes its relationship. */
  removes: string;
}

export type AnyRows = PeopleRows | ObjectRows | RelationshipRows;

type Settings = Pick<WorkspaceSettings, 'identifiers'>;

/** Identifiers compare as the unique indexes of inlet.person do. */
export const compared = (identifier: Identifier, expression: string) =>
  identifier === 'email' ? `lower(${expression})` : expression;

/** A condition: the other identifier's cell holds one. */
export const usable = (other: string) => `NOT inlet.is_blank(${other})`;

/** Writes the expressions for one query's columns. */
export function rowsOf(
  subject: RowSubject,
  settings: Settings,
  columns: Column[],
  encoding: Encoding,
): AnyRows {
  switch (subject.kind) {
    case 'people':
      return peopleRows(subject, settings, columns, encoding);
    case 'objects':
      return objectRows(subject, columns, encoding);
    case 'relationships':
      return relationshipRows(subject, settings, columns, encoding);
  }
}

export function peopleRows(
  subject: PeopleSubject,
  settings: Settings,
  columns: Column[],
  encoding: Encoding,
): PeopleRows {
  const sorted = peopleColumns(subject, settings, columns);
  const { identifyBy } = subject;
  const otherIdentifier = otherThan(identifyBy);
  const cells = readCells(columns, sorted.asText, encoding);
  const key = textOf(sorted.key, encoding);
  const other = sorted.other === undefined ? null : textOf(sorted.other, encoding);
  const comparedKey = compared(identifyBy, key);
  const checks = [
    keyCheck(identifyBy, key, cells[sorted.key]),
    ...storable(cells.filter(({ index }) => index !== sorted.key)),
  ];
  return {
    ...subject,
    otherIdentifier,
    other,
    comparedKey,
    comparedOther: other === null ? null : compared(otherIdentifier, other),
    key,
    identity: [comparedKey],
    hash: hashOf(cells, { identifyBy, other: sorted.other, encoding }),
    ...readBy(cells, sorted.attributes, checks),
  };
}

export function objectRows(subject: ObjectsSubject, columns: Column[], encoding: Encoding): ObjectRows {
  const sorted = objectColumns(columns);
  const cells = readCells(columns, sorted.asText, encoding);
  const key = textOf(sorted.key, encoding);
  const checks = [
    keyCheck('object_id', key, cells[sorted.key]),
    ...storable(cells.filter(({ index }) => index !== sorted.key)),
  ];
  const hash = hashOf(cells, { encoding });
  return { ...subject, key, identity: [key], hash, ...readBy(cells, sorted.attributes, checks) };
}

export function relationshipRows(
  subject: RelationshipsSubject,
  settings: Settings,
  columns: Column[],
  encoding: Encoding,
): RelationshipRows {
  const sorted = relationshipColumns(subject, settings, columns);
  const { identifyBy } = subject;
  const cells = readCells(columns, sorted.asText, encoding);
  const objectId = textOf(sorted.objectId, encoding);
  const key = textOf(sorted.person, encoding);
  const deleted = sorted.deleted === undefined ? null : textOf(sorted.deleted, encoding);
  const removes = deleted === null ? 'false' : `inlet.deleted_cell(${deleted}) IS TRUE`;
  const checks = [
    keyCheck('object_id', objectId, cells[sorted.objectId]),
    keyCheck(identifyBy, key, cells[sorted.person]),
    ...(deleted === null ? [] : [deletedCheck(deleted)]),
    // What a removing row has in other columns is not looked at.
    ...storable(
      cells.filter(({ index }) => sorted.attributes.includes(index)),
      removes,
    ),
  ];
  return {
    ...subject,
    objectId,
    removes,
    key,
    identity: [objectId, compared(identifyBy, key)],
    ...readBy(cells, sorted.attributes, checks),
  };
}

function textOf(index: number, encoding: Encoding): string {
  const cell = `s.c${index + 1}`;
  return encoding === 'SQL_ASCII' ? `inlet.shown_cell(${cell})` : cell;
}

/** One thing that a row must pass by itself; the first that it does not is its problem. */
interface Check {
  /** Reason code, or NULL. */
  problem: string;
  column: string;
  value: string;
}

/** In this order: blank, over its limit, invalid, can't be stored. Limits count the bytes that came. */
function keyCheck(identifier: Identifier | 'object_id', key: string, cell: Cell | undefined): Check {
  const isEmail = identifier === 'email';
  const broken =
    cell?.unstorable === undefined
      ? ''
      : `WHEN ${cell.unstorable} THEN CASE WHEN char_length(${cell.raw}) > ${isEmail ? '254' : '150'} THEN 'too_long' ELSE '${isEmail ? 'invalid_email' : 'unstorable'}' END`;
  return {
    problem: `CASE WHEN ${key} IS NULL OR inlet.is_blank(${key}) THEN 'blank_key' ${broken} ELSE inlet.identifier_problem(${literal(identifier)}, ${key}) END`,
    column: identifier,
    value: key,
  };
}

const deletedCheck = (deleted: string): Check => ({
  problem: `CASE WHEN ${deleted} IS NOT NULL AND inlet.deleted_cell(${deleted}) IS NULL THEN 'invalid_deleted' END`,
  column: 'deleted',
  value: deleted,
});

/** @param unless a condition under which it doesn't matter */
function storable(cells: Cell[], unless = 'false'): Check[] {
  return cells.flatMap(({ column, shown, unstorable }) =>
    unstorable === undefined
      ? []
      : [
          {
            problem: `CASE WHEN ${unstorable}${unless === 'false' ? '' : ` AND NOT ${unless}`} THEN 'unstorable' END`,
            column: column.name,
            value: shown,
          },
        ],
  );
}

/** Goes into each hash; to be raised when cells are read in another way than before. */
const READ_AS = 2;

/** @param readAs what else decides what cells do, beside the columns */
function hashOf(cells: Cell[], readAs: unknown): string {
  const columns = cells.map(({ column: { name, type, array } }) => [name, type, array]);
  const seed = createHash('sha256')
    .update(JSON.stringify([READ_AS, columns, readAs]))
    .digest()
    .readBigInt64BE();
  return `hash_record_extended(ROW(${cells.map(({ hashed }) => hashed).join(', ')}), '${seed}'::bigint)`;
}

function readBy(cells: Cell[], attributes: number[], checks: Check[]): Omit<RowSql, 'key' | 'identity'> {
  // The last check's is what is left: json that is nested to the very limit may be found storable when it is looked at again.
  const failed = (result: (check: Check) => string) => {
    const cases = checks
      .slice(0, -1)
      .map((check) => `WHEN (${check.problem}) IS NOT NULL THEN ${result(check)}`);
    const [otherwise = 'NULL'] = checks.slice(-1).map(result);
    return cases.length === 0 ? otherwise : `CASE ${cases.join(' ')} ELSE ${otherwise} END`;
  };
  return {
    laterals: lateralsOf(cells),
    ...attributesOf(cells.filter(({ index }) => attributes.includes(index))),
    problem:
      checks.length === 1
        ? (checks[0]?.problem ?? 'NULL')
        : `coalesce(${checks.map(({ problem }) => problem).join(', ')})`,
    problemColumn: failed(({ column }) => literal(column)),
    problemValue: failed(({ value }) => value),
    row: rowAsItCame(cells),
  };
}

/** What a sync may do to people: add them, update them, and move an email that is set. */
export function rightsOf(
  { identifyBy }: PeopleSubject,
  mode: Mode,
  settings: Pick<WorkspaceSettings, 'allowEmailUpdatesUsingId'>,
): { mayAdd: boolean; mayUpdate: boolean; mayMove: boolean } {
  return {
    mayAdd: mode !== 'update',
    mayUpdate: mode !== 'add',
    mayMove: identifyBy === 'id' && settings.allowEmailUpdatesUsingId,
  };
}
