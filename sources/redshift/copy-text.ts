import type { Field } from '@aws-sdk/client-redshift-data';

const special: Record<string, string> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** Records as lines of PostgreSQL's COPY text format. https://www.postgresql.org/docs/current/sql-copy.html */
export function copyLines(records: Field[][]): Buffer {
  return Buffer.from(records.map((record) => `${record.map(cellText).join('\t')}\n`).join(''));
}

/** One cell: NULL is `\N`, and what could be taken for it, or for the end of a cell, is escaped. */
function cellText(field: Field): string {
  const text = textOf(field);
  return text === null ? '\\N' : text.replace(/[\\\b\f\n\r\t\v]/g, (character) => special[character] ?? '');
}

/** A field has one member, whatever it is; one that has none is no value that we could invent. */
function textOf(field: Field): string | null {
  if (field.isNull === true) return null;
  if (field.stringValue !== undefined) return field.stringValue;
  if (field.longValue !== undefined) return String(field.longValue);
  if (field.doubleValue !== undefined) return String(field.doubleValue);
  if (field.booleanValue !== undefined) return field.booleanValue ? 't' : 'f';
  if (field.blobValue !== undefined) return `\\x${Buffer.from(field.blobValue).toString('hex')}`;
  throw new Error('The Data API gave a field without a value.');
}
