import type { Finding, Column, Source } from '../sources/source.js';
import { copyRows } from './copy-text.js';
import { quotedTable } from './init-query.js';

const withinMs = 60_000;

/** Whether the source answers, in its own sentences; undefined if it does. */
export async function whyUnreachable(
  source: Source,
): Promise<{ findings: Finding[]; problem: string | undefined }> {
  const findings = await source.check(AbortSignal.timeout(withinMs));
  const problem = findings.find(({ level, subject }) => level === 'problem' && subject === 'connects');
  const other = findings.find(({ level }) => level === 'problem');
  return { findings, problem: (problem ?? other)?.message };
}

/** Tables and views that the user may read, as `schema.table`; those of the schema `public` by their name alone. */
export async function tablesOf(source: Source): Promise<string[]> {
  const main = `
    SELECT table_schema, table_name FROM information_schema.tables
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'pg_internal', 'pg_auto_copy', 'pg_automv')
    ORDER BY table_schema <> 'public', table_schema, table_name`;
  const snapshot = await source.snapshot({ main, queryTimeoutMs: withinMs }, AbortSignal.timeout(withinMs));
  try {
    const tables: string[] = [];
    for await (const [schema, table] of copyRows(await snapshot.rows('main', 1000)))
      if (typeof schema === 'string' && typeof table === 'string') tables.push(tableText(schema, table));
    return tables;
  } finally {
    await snapshot.close();
  }
}

/** A dot inside of a name would read as one between two. */
function tableText(schema: string, table: string): string {
  const part = (name: string) => (/[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
  const name = schema === 'public' ? part(table) : `${part(schema)}.${part(table)}`;
  return name;
}

/** @throws SourceError where there is no such table, or the user may not read it */
export function columnsOf(source: Source, table: string): Promise<Column[]> {
  return source.describe(`SELECT * FROM ${quotedTable(table)}`, AbortSignal.timeout(withinMs));
}
