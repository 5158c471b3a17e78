import type { ColumnMetadata } from '@aws-sdk/client-redshift-data';
import type { CellType, Column } from '../source.js';

/** By the names that the Data API gives types, in lower case; every other one is text to the store. */
const cellTypes = new Map<string, CellType>([
  ...['int2', 'int4', 'int8', 'int', 'integer', 'smallint', 'bigint', 'oid'].map(
    (name) => [name, 'bigint'] as const,
  ),
  ...['numeric', 'decimal'].map((name) => [name, 'numeric'] as const),
  ...['float4', 'real'].map((name) => [name, 'real'] as const),
  ...['float8', 'float', 'double precision', 'double'].map((name) => [name, 'double precision'] as const),
  ...['bool', 'boolean'].map((name) => [name, 'boolean'] as const),
  ['date', 'date'],
  ['timestamp', 'timestamp'],
  ['timestamptz', 'timestamptz'],
  ['super', 'json'],
]);

/** The columns of a described query. */
export function columnsOf(metadata: ColumnMetadata[]): Column[] {
  return metadata.map(({ label, name, typeName = 'unknown' }) => ({
    name: label ?? name ?? '',
    type: cellTypes.get(typeName.toLowerCase()) ?? 'text',
    array: false,
    sourceType: typeName.toLowerCase(),
  }));
}

/**
 * A column as it is selected from the query: what JSON numbers would round comes as text.
 */
export function selected(column: Column, quotedName: string): string {
  const exact = column.type === 'bigint' || column.type === 'numeric';
  return exact ? `CAST(${quotedName} AS varchar) AS ${quotedName}` : quotedName;
}
