import type { FieldDef } from 'pg';
import type { CellType, Column } from '../source.js';
import type { Session } from './session.js';

/** The built-in types that the store reads as themselves; every other one is text to it. */
const cellTypes = new Map<number, CellType>([
  [16, 'boolean'],
  [20, 'bigint'],
  [21, 'bigint'], // smallint
  [23, 'bigint'], // integer
  [26, 'bigint'], // oid: unsigned, four bytes
  [114, 'json'],
  [700, 'real'],
  [701, 'double precision'],
  [1082, 'date'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
  [1700, 'numeric'],
  [3802, 'json'], // jsonb
]);

/** A row of pg_type. */
interface TypeRow {
  oid: number;
  /** Of a domain; otherwise 0. */
  base: number;
  /** Of a true array; otherwise 0. `int2vector` and the like are none: they are written without braces. */
  element: number;
  /** What an array of this type separates its elements with; `;` for box. */
  delimiter: string;
}

/** The columns of a described query, with types looked up in the catalogs. */
export async function columnsOf(session: Session, fields: FieldDef[]): Promise<Column[]> {
  const names = await typeNames(session, fields);
  const types = await typeRows(
    session,
    fields.map(({ dataTypeID }) => dataTypeID),
  );
  return fields.map(({ name, dataTypeID }, index) => ({
    name,
    ...cellsOf(dataTypeID, types),
    sourceType: names[index] ?? 'unknown',
  }));
}

function cellsOf(oid: number, types: Map<number, TypeRow>): Pick<Column, 'type' | 'array'> {
  const type = baseOf(oid, types);
  if (type === undefined || type.element === 0) return { type: cellTypeOf(type), array: false };
  const element = baseOf(type.element, types);
  // An array of arrays exists only through a domain, and is written as an array of texts.
  const readable = element?.element === 0 && types.get(type.element)?.delimiter === ',';
  return readable ? { type: cellTypeOf(element), array: true } : { type: 'text', array: false };
}

function cellTypeOf(type: TypeRow | undefined): CellType {
  return cellTypes.get(type?.oid ?? 0) ?? 'text';
}

function baseOf(oid: number, types: Map<number, TypeRow>): TypeRow | undefined {
  const type = types.get(oid);
  return type === undefined || type.base === 0 ? type : baseOf(type.base, types);
}

/** The rows of some types and of all that these are made of. */
async function typeRows(session: Session, oids: number[]): Promise<Map<number, TypeRow>> {
  const known = new Map<number, TypeRow>();
  for (let wanted = new Set(oids); wanted.size > 0;) {
    const rows = await session.query<TypeRow>(
      `SELECT t.oid,
              t.typbasetype AS base,
              CASE WHEN e.typarray = t.oid THEN e.oid ELSE 0 END AS element,
              t.typdelim::text AS delimiter
         FROM pg_catalog.pg_type t
         LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
        WHERE t.oid = ANY ($1::oid[])`,
      [[...wanted]],
    );
    for (const row of rows) known.set(row.oid, row);
    wanted = new Set(rows.flatMap(({ base, element }) => [base, element]).filter((oid) => oid !== 0));
    for (const oid of known.keys()) wanted.delete(oid);
  }
  return known;
}

async function typeNames(session: Session, fields: FieldDef[]): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT pg_catalog.format_type(f.oid, f.modifier) AS name
       FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS f (oid, modifier, n)
      ORDER BY f.n`,
    [fields.map(({ dataTypeID }) => dataTypeID), fields.map(({ dataTypeModifier }) => dataTypeModifier)],
  );
  return rows.map(({ name }) => name);
}
