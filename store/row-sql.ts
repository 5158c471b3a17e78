import pg from 'pg';
import type { Identifier, SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import type { CellType, Column } from '../sources/source.js';
import { peopleColumns } from './column-rules.js';

/**
 * How the staged rows of one people query are read: SQL expressions over a staging table with the alias `s`, whose
 * columns are `n` (the row number, from 1) and `c1`, `c2`, … (the query's cells).
 */
export interface PeopleRows {
  identifyBy: Identifier;
  otherIdentifier: Identifier;
  /** Text of the key, and of the other identifier (`NULL` if the query has none). */
  key: string;
  other: string;
  /** The same, as identifiers are compared: email regardless of case. */
  comparedKey: string;
  comparedOther: string;
  /** LATERAL items that the expressions below need. */
  laterals: string;
  /** jsonb object of all attributes, NULL ones too. */
  attributes: string;
  /** text[] with the names of the attributes that the row removes. */
  removed: string;
  /** Reason code if the row fails by itself, else NULL; and the column and text of the cell at fault. */
  problem: string;
  problemColumn: string;
  problemValue: string;
  /** Reason code if the other identifier can't be one, else NULL. Blank is not a problem. */
  otherProblem: string;
  /** json of the row as it came, columns in the query's order. */
  row: string;
}

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

function asJson(column: Column, index: number): string {
  if (isJson(column)) return `j.j${index + 1}`;
  if (column.array) return cell(index);
  if (column.type === 'timestamp') return `inlet.json_timestamp(${cell(index)})`;
  if (column.type === 'timestamptz') return `inlet.json_timestamptz(${cell(index)})`;
  return cell(index);
}

/** Writes the expressions for one query's columns. */
export function peopleRows(
  definition: Pick<SyncDefinition, 'identifyBy'>,
  settings: Pick<WorkspaceSettings, 'identifiers'>,
  columns: Column[],
): PeopleRows {
  const sorted = peopleColumns(definition, settings, columns);
  const { identifyBy } = definition;
  const otherIdentifier: Identifier = identifyBy === 'id' ? 'email' : 'id';
  const key = cell(sorted.key);
  const other = sorted.other === undefined ? 'NULL::text' : cell(sorted.other);
  const attributes = sorted.attributes.flatMap((index) => {
    const column = columns[index];
    return column === undefined ? [] : [{ index, column }];
  });
  const json = attributes.filter(({ column }) => isJson(column));
  const unstorable = json.map(({ index }) => ({
    index,
    is: `${cell(index)} IS NOT NULL AND j.j${index + 1} IS NULL`,
  }));
  const keyProblem = `CASE WHEN ${key} IS NULL OR inlet.is_blank(${key}) THEN 'blank_key' ELSE inlet.identifier_problem(${literal(identifyBy)}, ${key}) END`;

  const laterals = [
    json.length > 0 &&
      `CROSS JOIN LATERAL (SELECT ${json
        .map(
          ({ column, index }) =>
            `${column.array ? 'inlet.json_cells' : 'inlet.json_cell'}(${cell(index)}) AS j${index + 1}`,
        )
        .join(', ')} OFFSET 0) j`,
    `CROSS JOIN LATERAL (SELECT ${keyProblem} AS key_problem OFFSET 0) k`,
  ];
  const removes = attributes.map(({ column, index }) => {
    const isNull = isJson(column) ? `coalesce(j.j${index + 1}, 'null') = 'null'` : `${cell(index)} IS NULL`;
    return `CASE WHEN ${isNull} THEN ${literal(column.name)} END`;
  });
  const when = (result: (index: number) => string) =>
    unstorable.map(({ index, is }) => `WHEN ${is} THEN ${result(index)}`).join(' ');

  return {
    identifyBy,
    otherIdentifier,
    key,
    other,
    comparedKey: compared(identifyBy, key),
    comparedOther: compared(otherIdentifier, other),
    laterals: laterals.filter((lateral) => lateral !== false).join('\n    '),
    attributes: objectOf(attributes.map(({ column, index }) => [column.name, asJson(column, index)])),
    removed:
      removes.length === 0 ? `'{}'::text[]` : `array_remove(ARRAY[${removes.join(', ')}]::text[], NULL)`,
    problem:
      unstorable.length === 0
        ? 'k.key_problem'
        : `CASE WHEN k.key_problem IS NOT NULL THEN k.key_problem ${when(() => `'unstorable'`)} END`,
    problemColumn: `CASE WHEN k.key_problem IS NOT NULL THEN ${literal(identifyBy)} ${when((index) => literal(columns[index]?.name ?? ''))} END`,
    problemValue: `CASE WHEN k.key_problem IS NOT NULL THEN ${key} ${when((index) => `${cell(index)}::text`)} END`,
    otherProblem:
      sorted.other === undefined
        ? 'NULL::text'
        : `CASE WHEN NOT inlet.is_blank(${other}) THEN inlet.identifier_problem(${literal(otherIdentifier)}, ${other}) END`,
    row: rowAsItCame(columns),
  };
}

/** A jsonb object of many members, built from one record: no limit on their number, and the fastest way there is. */
function objectOf(members: [string, string][]): string {
  if (members.length === 0) return `'{}'::jsonb`;
  return `(SELECT to_jsonb(x) FROM (SELECT ${members.map(([key, value]) => `${value} AS ${name(key)}`).join(', ')}) x)`;
}

function rowAsItCame(columns: Column[]): string {
  const members = columns.map((column, index) => {
    const value = isJson(column)
      ? `coalesce(j.j${index + 1}, to_jsonb(${cell(index)}::text))`
      : asJson(column, index);
    return `${value} AS ${name(column.name)}`;
  });
  return `(SELECT to_json(x) FROM (SELECT ${members.join(', ')}) x)`;
}
