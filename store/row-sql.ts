import pg from 'pg';
import type { Identifier, Mode, SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import type { CellType, Column, Snapshot } from '../sources/source.js';
import { peopleColumns } from './column-rules.js';

/**
 * How the staged rows of one people query are read: SQL expressions over a staging table with the alias `s`, whose
 * columns are `n` (the row number, from 1) and `c1`, `c2`, … (the query's cells).
 */
export interface PeopleRows {
  identifyBy: Identifier;
  otherIdentifier: Identifier;
  /** Text of the key, and of the other identifier; null if the query has none. */
  key: string;
  other: string | null;
  /** The same, as identifiers are compared: email regardless of case. */
  comparedKey: string;
  comparedOther: string | null;
  /** LATERAL items that the expressions below need. */
  laterals: string;
  /** jsonb object of the attributes that the row sets. */
  attributes: string;
  /** A condition: setting `attributes` and removing what the row removes would change the jsonb object `had`. */
  changes(had: string, attributes: string): string;
  /** The jsonb object `had` with that done to it. */
  merged(had: string, attributes: string): string;
  /** Reason code if the row fails by itself, else NULL; and the column and text of the cell at fault. */
  problem: string;
  problemColumn: string;
  problemValue: string;
  /** json of the row as it came, columns in the query's order. */
  row: string;
}

/** Of the bytes that were staged. */
export type Encoding = Snapshot['encoding'];

const literal = pg.escapeLiteral;
const name = pg.escapeIdentifier;
const cell = (index: number) => `s.c${index + 1}`;

/** Identifiers compare as the unique indexes of inlet.person do. */
export const compared = (identifier: Identifier, expression: string) =>
  identifier === 'email' ? `lower(${expression})` : expression;

/** The type in which a column is staged: identifiers as the text that the source printed. */
export function stagedType(column: Column, isIdentifier: boolean): string {
  if (isIdentifier) return 'text COLLATE "C"';
  const types: Record<CellType, string> = {
    boolean: 'boolean',
    bigint: 'bigint',
    numeric: 'numeric',
    real: 'real',
    'double precision': 'double precision',
    date: 'date',
    timestamp: 'timestamp',
    timestamptz: 'timestamptz',
    json: 'text COLLATE "C"',
    text: 'text COLLATE "C"',
  };
  return column.array ? `${types[column.type].replace(' COLLATE "C"', '')}[]` : types[column.type];
}

/** Columns whose conversion to JSON can fail or can give JSON null: they are converted once, in a LATERAL. */
const isJson = (column: Column) => column.type === 'json';

/** How the cells of one column are read. */
interface Cell {
  column: Column;
  index: number;
  /** As staged. */
  raw: string;
  /** Its text for people to read, also if it can't be stored. */
  shown: string;
  /** The cell as an attribute's value. */
  value: string;
  /** A condition: the cell can't be stored. */
  unstorable: string | undefined;
  /** A condition: the cell removes its attribute. */
  removes: string;
  /** Columns of the LATERALs `b` and `j` that `value` needs. */
  utf8: string | undefined;
  json: string | undefined;
}

/** Bytes of unknown encoding are staged as LATIN1, and read as UTF-8 cell by cell. */
const isBytes = ({ type }: Column, encoding: Encoding) =>
  encoding === 'SQL_ASCII' && (type === 'text' || type === 'json');

function readCell(column: Column, index: number, encoding: Encoding): Cell {
  const raw = cell(index);
  const number = index + 1;
  const bytes = isBytes(column, encoding);
  const text = bytes ? `b.b${number}` : raw;
  const value = isJson(column) ? `j.j${number}` : asJson(column, text);
  return {
    column,
    index,
    raw,
    shown: bytes ? `inlet.shown_cell(${raw}::text)` : `${raw}::text`,
    value,
    unstorable: isJson(column) || bytes ? `${raw} IS NOT NULL AND ${value} IS NULL` : undefined,
    removes: isJson(column) ? `coalesce(${value}, 'null') = 'null'` : `${raw} IS NULL`,
    utf8: bytes
      ? `${column.array ? 'inlet.utf8_cells' : 'inlet.utf8_cell'}(${raw}) AS b${number}`
      : undefined,
    json: isJson(column)
      ? `${column.array ? 'inlet.json_cells' : 'inlet.json_cell'}(${text}) AS j${number}`
      : undefined,
  };
}

function asJson({ type, array }: Column, value: string): string {
  if (type !== 'timestamp' && type !== 'timestamptz') return value;
  return array ? `inlet.json_timestamps(to_jsonb(${value}))` : `inlet.json_${type}(${value})`;
}

const present = <T>(items: (T | undefined)[]): T[] =>
  items.flatMap((item) => (item === undefined ? [] : [item]));

/** Writes the expressions for one query's columns. */
export function peopleRows(
  definition: Pick<SyncDefinition, 'identifyBy'>,
  settings: Pick<WorkspaceSettings, 'identifiers'>,
  columns: Column[],
  encoding: Encoding,
): PeopleRows {
  const sorted = peopleColumns(definition, settings, columns);
  const { identifyBy } = definition;
  const otherIdentifier: Identifier = identifyBy === 'id' ? 'email' : 'id';
  const cells = columns.map((column, index) => {
    const isIdentifier = index === sorted.key || index === sorted.other;
    return readCell(isIdentifier ? { ...column, type: 'text', array: false } : column, index, encoding);
  });
  const attributes = cells.filter(({ index }) => sorted.attributes.includes(index));
  const identifierText = (index: number) =>
    encoding === 'SQL_ASCII' ? `inlet.shown_cell(${cell(index)})` : cell(index);
  const key = identifierText(sorted.key);
  const other = sorted.other === undefined ? null : identifierText(sorted.other);
  const problemOfKey = keyProblem(identifyBy, key, cells[sorted.key]);
  const unstorable = cells.filter(({ index, unstorable: is }) => is !== undefined && index !== sorted.key);
  const when = (result: (cell: Cell) => string) =>
    unstorable.map((each) => `WHEN ${each.unstorable ?? ''} THEN ${result(each)}`).join(' ');

  return {
    identifyBy,
    otherIdentifier,
    key,
    other,
    comparedKey: compared(identifyBy, key),
    comparedOther: other === null ? null : compared(otherIdentifier, other),
    laterals: [
      ...laterally('b', present(cells.map(({ utf8 }) => utf8))),
      ...laterally('j', present(cells.map(({ json }) => json))),
    ].join('\n    '),
    ...attributesOf(attributes),
    problem:
      unstorable.length === 0
        ? problemOfKey
        : `coalesce(${problemOfKey}, CASE ${when(() => `'unstorable'`)} END)`,
    problemColumn: `CASE WHEN ${problemOfKey} IS NOT NULL THEN ${literal(identifyBy)} ${when(({ column }) => literal(column.name))} END`,
    problemValue: `CASE WHEN ${problemOfKey} IS NOT NULL THEN ${key} ${when(({ shown }) => shown)} END`,
    row: rowAsItCame(cells),
  };
}

/**
 * Scalars are compared all at once by containment, which is fast. Arrays and objects are compared one by one: an array
 * contains another one with fewer elements, and to find that out takes time by their product, and a deep stack.
 */
function attributesOf(cells: Cell[]): Pick<PeopleRows, 'attributes' | 'changes' | 'merged'> {
  const all = objectOf(cells.map(({ column, value }) => [column.name, value]));
  if (cells.length === 0) return { attributes: all, changes: () => 'false', merged: (had) => had };
  const removesSome = `(${cells.map(({ removes }) => `(${removes})`).join(' OR ')})`;
  const removed = `array_remove(ARRAY[${cells.map(({ column, removes }) => `CASE WHEN ${removes} THEN ${literal(column.name)} END`).join(', ')}]::text[], NULL)`;
  const nested = cells.filter(({ column }) => isJson(column) || column.array);
  const names = nested.map(({ column }) => literal(column.name));
  const scalars = (attributes: string) =>
    nested.length === 0 ? attributes : `(${attributes} - ARRAY[${names.join(', ')}]::text[])`;
  return {
    attributes: nested.some(({ column }) => isJson(column))
      ? `CASE WHEN ${removesSome} THEN ${all} - ${removed} ELSE ${all} END`
      : `CASE WHEN ${removesSome} THEN jsonb_strip_nulls(${all}) ELSE ${all} END`,
    changes: (had, attributes) =>
      [
        ...(nested.length < cells.length ? [`NOT ${had} @> ${scalars(attributes)}`] : []),
        `${removesSome} AND ${had} ?| ${removed}`,
        ...nested.map(({ column: { name: key } }) => {
          const member = `-> ${literal(key)}`;
          return `${attributes} ${member} IS NOT NULL AND ${had} ${member} IS DISTINCT FROM ${attributes} ${member}`;
        }),
      ].join(' OR '),
    merged: (had, attributes) =>
      `CASE WHEN ${removesSome} THEN (${had} || ${attributes}) - ${removed} ELSE ${had} || ${attributes} END`,
  };
}

/** What a sync may do to people: add them, update them, and move an email that is set. */
export function rightsOf(
  { identifyBy }: Pick<PeopleRows, 'identifyBy'>,
  mode: Mode,
  settings: Pick<WorkspaceSettings, 'allowEmailUpdatesUsingId'>,
): { mayAdd: boolean; mayUpdate: boolean; mayMove: boolean } {
  return {
    mayAdd: mode !== 'update',
    mayUpdate: mode !== 'add',
    mayMove: identifyBy === 'id' && settings.allowEmailUpdatesUsingId,
  };
}

/** A condition: the other identifier's cell holds one. */
export const usable = (other: string) => `NOT inlet.is_blank(${other})`;

const laterally = (alias: string, columns: string[]): string[] =>
  columns.length === 0 ? [] : [`CROSS JOIN LATERAL (SELECT ${columns.join(', ')} OFFSET 0) ${alias}`];

/** In this order: blank, over its limit, invalid, can't be stored. Limits count the bytes that came. */
function keyProblem(identifyBy: Identifier, key: string, keyCell: Cell | undefined): string {
  const broken =
    keyCell?.unstorable === undefined
      ? ''
      : `WHEN ${keyCell.unstorable} THEN CASE WHEN char_length(${keyCell.raw}) > ${identifyBy === 'email' ? '254' : '150'} THEN 'too_long' ELSE '${identifyBy === 'email' ? 'invalid_email' : 'unstorable'}' END`;
  return `CASE WHEN ${key} IS NULL OR inlet.is_blank(${key}) THEN 'blank_key' ${broken} ELSE inlet.identifier_problem(${literal(identifyBy)}, ${key}) END`;
}

/** PostgreSQL cuts off longer names of columns. */
const MAX_ALIAS_BYTES = 63;
const isAlias = (name: string) => name !== '' && Buffer.byteLength(name) <= MAX_ALIAS_BYTES;

/** A jsonb object of many members, built from one record: no limit on their number, and the fastest way there is. */
function objectOf(members: [string, string][]): string {
  const short = members.filter(([key]) => isAlias(key));
  const long = members.filter(([key]) => !isAlias(key));
  const parts = [
    ...(short.length === 0 ? [] : [recordOf('to_jsonb', short)]),
    ...long.map(([key, value]) => `jsonb_build_object(${literal(key)}, ${value})`),
  ];
  return parts.length === 0 ? `'{}'::jsonb` : `(${parts.join(' || ')})`;
}

/** `x.*` and not `x`: a column of that name would be taken for the record. */
const recordOf = (toJson: 'to_json' | 'to_jsonb', members: [string, string][]) =>
  `(SELECT ${toJson}(x.*) FROM (SELECT ${members.map(([key, value]) => `${value} AS ${name(key)}`).join(', ')}) x)`;

function rowAsItCame(cells: Cell[]): string {
  const members = cells.map(({ column, value, unstorable, shown }): [string, string] => [
    column.name,
    unstorable === undefined ? value : `coalesce(to_jsonb(${value}), to_jsonb(${shown}))`,
  ]);
  if (members.every(([key]) => isAlias(key))) return recordOf('to_json', members);
  const ordered = members.map(([key, value], at) => `(${at}, ${literal(key)}, to_json(${value}))`);
  return `(SELECT json_object_agg(key, value ORDER BY at) FROM (VALUES ${ordered.join(', ')}) x(at, key, value))`;
}
