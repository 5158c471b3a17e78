import type { Column, QueryName } from '../source.js';
import { selected } from './columns.js';

/*
 * What is sent, in batches whose statements run one after the other on one connection. Without a transaction around the
 * batch, BEGIN READ ONLY is the batch's own, and ROLLBACK follows even where a query fails. This is how AWS itself reads
 * only (https://github.com/awslabs/mcp, redshift-mcp-server).
 */

/** A statement of a batch; one that is read has the query whose result it gives. */
export interface Step {
  sql: string;
  reads?: QueryName;
}

/** The wrapping of a user's query begins so; positions in errors count from here. */
export const prefix = 'SELECT * FROM (\n';

const suffix = '\n) q';

/** Column names keep their case only where the session asks for it, quoted or not. */
const keepCase = 'SET enable_case_sensitive_identifier TO true';

/** @param queries what is read; all of it sees one snapshot, for Redshift's transactions are serializable */
export function batchOf(queries: Step[], timeoutMs: number, readOnly: boolean): Step[] {
  return [
    { sql: `SET statement_timeout TO ${Math.ceil(timeoutMs)}` },
    { sql: keepCase },
    { sql: readOnly ? 'BEGIN READ ONLY' : 'BEGIN' },
    ...queries,
    { sql: 'ROLLBACK' },
  ];
}

/** Describes a query: it gives no row. */
export const describing = (query: string): string => `${prefix}${query}${suffix} LIMIT 0`;

/** Reads a query's rows, exact values as text. */
export function reading(query: string, columns: Column[], limit: number | undefined): string {
  const cells = columns.map((column) => selected(column, `"${column.name.replaceAll('"', '""')}"`));
  const names = new Set(columns.map(({ name }) => name));
  // A query with a repeated name can't be imported; its rows are shown all the same.
  const list = names.size === columns.length ? cells.join(', ') : '*';
  return `SELECT ${list} FROM (\n${query}${suffix}${limit === undefined ? '' : ` LIMIT ${limit}`}`;
}
