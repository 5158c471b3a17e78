import type { Field } from '@aws-sdk/client-redshift-data';
import { copyLine } from '../copy-text.js';

/** Records as lines of PostgreSQL's COPY text format. */
export const copyLines = (records: Field[][]): Buffer =>
  Buffer.from(records.map((record) => copyLine(record.map(textOf))).join(''));

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
