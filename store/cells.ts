import pg from 'pg';
import type { CellType, Column, Snapshot } from '../sources/source.js';

/** Of the bytes that were staged. */
export type Encoding = Snapshot['encoding'];

/** A string as an SQL literal, and as an SQL name. */
export const literal = pg.escapeLiteral;
const name = pg.escapeIdentifier;

/** How the cells of one column are read: SQL expressions over a staging table with the alias `s`. */
export interface Cell {
  column: Column;
  index: number;
  /** As staged. */
  raw: string;
  /** The same, in a form of which a hash knows every bit. */
  hashed: string;
  /** Its text for people to read, also if it can't be stored. */
  shown: string;
  /** The cell as an attribute's value. */
  value: string;
  /** A cheaper form of `value`, and a condition under which it won't do. */
  cheap: { value: string; unless: string } | undefined;
  /** A condition: the cell can't be stored. */
  unstorable: string | undefined;
  /** A condition: the cell removes its attribute. */
  removes: string;
  /** Columns of the LATERALs `b` and `j` that `value` needs. */
  utf8: string | undefined;
  json: string | undefined;
}

/** The type in which a column is staged: what is no attribute, as the text that the source printed. */
export function stagedType(column: Column, asText: boolean): string {
  if (asText) return 'text COLLATE "C"';
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

/** @param asText indexes of the columns that are staged as text */
export function readCells(columns: Column[], asText: number[], encoding: Encoding): Cell[] {
  return columns.map((column, index) =>
    readCell(asText.includes(index) ? { ...column, type: 'text', array: false } : column, index, encoding),
  );
}

/** Columns whose conversion to JSON can fail or can give JSON null: they are converted once, in a LATERAL. */
export const isJson = (column: Column) => column.type === 'json';

/** Bytes of unknown encoding are staged as LATIN1, and read as UTF-8 cell by cell. */
const isBytes = ({ type }: Column, encoding: Encoding) =>
  encoding === 'SQL_ASCII' && (type === 'text' || type === 'json');

function readCell(column: Column, index: number, encoding: Encoding): Cell {
  const number = index + 1;
  const raw = `s.c${number}`;
  const bytes = isBytes(column, encoding);
  const text = bytes ? `b.b${number}` : raw;
  const value = isJson(column) ? `j.j${number}` : asJson(column, text);
  return {
    column,
    index,
    raw,
    hashed: hashedForm(column, raw),
    shown: bytes ? `inlet.shown_cell(${raw}::text)` : `${raw}::text`,
    value,
    cheap:
      isTimestamp(column) && !column.array
        ? { value: raw, unless: `NOT inlet.has_iso_form(${raw})` }
        : undefined,
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

const isTimestamp = ({ type }: Column) => type === 'timestamp' || type === 'timestamptz';

/**
 * PostgreSQL's own hashes pass over the sign of a numeric, and over the dimensions of an array; of a bigint or a timestamp they
 * know 32 bits. Hashes of bytes and of text know all of them.
 */
function hashedForm({ type, array }: Column, raw: string): string {
  if (array) return `${raw}::text`;
  switch (type) {
    case 'bigint':
      return `int8send(${raw})`;
    case 'numeric':
    case 'timestamp':
    case 'timestamptz':
      return `${type}_send(${raw})`;
    default:
      return raw;
  }
}

function asJson(column: Column, value: string): string {
  const { type, array } = column;
  if (!isTimestamp(column)) return value;
  return array ? `inlet.json_timestamps(to_jsonb(${value}))` : `inlet.json_${type}(${value})`;
}

/** LATERAL items that the cells' expressions need. */
export function lateralsOf(cells: Cell[]): string {
  const present = (items: (string | undefined)[]) => items.filter((item) => item !== undefined);
  return [
    ...laterally('b', present(cells.map(({ utf8 }) => utf8))),
    ...laterally('j', present(cells.map(({ json }) => json))),
  ].join('\n    ');
}

const laterally = (alias: string, columns: string[]): string[] =>
  columns.length === 0 ? [] : [`CROSS JOIN LATERAL (SELECT ${columns.join(', ')} OFFSET 0) ${alias}`];

/** PostgreSQL cuts off longer names of columns. */
const MAX_ALIAS_BYTES = 63;
const isAlias = (text: string) => text !== '' && Buffer.byteLength(text) <= MAX_ALIAS_BYTES;

/** The order in which jsonb keeps the keys of an object: it sorts what does not come so. */
const asJsonbKeeps = ([one]: [string, string], [other]: [string, string]) =>
  Buffer.byteLength(one) - Buffer.byteLength(other) || Buffer.compare(Buffer.from(one), Buffer.from(other));

/** An expression, and the subquery in FROM whose columns it needs. */
export interface From {
  value: string;
  from: string;
}

/**
 * A jsonb object of many members, built from one record: no limit on their number, and the fastest way there is. The record
 * is a subquery in FROM, which the planner dissolves; as a subquery of the expression it would be run for each row.
 * @param alias of that subquery
 */
export function objectOf(members: [string, string][], alias: string): From {
  const short = members.filter(([key]) => isAlias(key)).toSorted(asJsonbKeeps);
  const long = members.filter(([key]) => !isAlias(key));
  const parts = [
    ...(short.length === 0 ? [] : [`to_jsonb(${alias}.*)`]),
    ...long.map(([key, value]) => `jsonb_build_object(${literal(key)}, ${value})`),
  ];
  return {
    value: parts.length === 0 ? `'{}'::jsonb` : `(${parts.join(' || ')})`,
    from: `(SELECT ${short.map(([key, value]) => `${value} AS ${name(key)}`).join(', ')}) ${alias}`,
  };
}

/** `x.*` and not `x`: a column of that name would be taken for the record. */
const jsonOf = (members: [string, string][]) =>
  `(SELECT to_json(x.*) FROM (SELECT ${members.map(([key, value]) => `${value} AS ${name(key)}`).join(', ')}) x)`;

/** json of the row as it came, columns in the query's order. */
export function rowAsItCame(cells: Cell[]): string {
  const members = cells.map(({ column, value, unstorable, shown }): [string, string] => [
    column.name,
    unstorable === undefined ? value : `coalesce(to_jsonb(${value}), to_jsonb(${shown}))`,
  ]);
  if (members.every(([key]) => isAlias(key))) return jsonOf(members);
  const ordered = members.map(([key, value], at) => `(${at}, ${literal(key)}, to_json(${value}))`);
  return `(SELECT json_object_agg(key, value ORDER BY at) FROM (VALUES ${ordered.join(', ')}) x(at, key, value))`;
}
