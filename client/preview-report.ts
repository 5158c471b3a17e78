import type { SyncDefinition } from '../config/sync-definition.js';
import type { Column, QueryName } from '../sources/source.js';
import type { RowVerdict } from '../store/records.js';
import { cellText, jsonMembers } from './json-members.js';
import { RawJson, type Json } from './json.js';
import type { Output, Tone } from './output.js';
import { pairsText, tableText } from './table.js';
import { countText, secondsText } from './time-text.js';
import { shortened, visible } from './visible-text.js';

/** A row with its verdict, or only its cells, as COPY prints them, where there is none. */
export type PreviewedRow = RowVerdict | { rowNumber: number; cells: (string | null)[] };

export interface Preview {
  definition: SyncDefinition;
  lastSyncTime: number;
  /** At most so many rows of each query. */
  limit: number;
  /** The main query first. */
  queries: PreviewedQuery[];
  warnings: string[];
}

export interface PreviewedQuery {
  query: QueryName;
  sql: string;
  columns: Column[];
  /** Why an import would be refused. */
  problems: string[];
  rows: PreviewedRow[];
}

const cellWidth = 40;

const tones: Record<RowVerdict['verdict'], Tone> = {
  added: 'good',
  updated: 'good',
  unchanged: 'good',
  skipped: 'warning',
  superseded: 'warning',
  failed: 'bad',
  related: 'good',
  changed: 'good',
  removed: 'good',
};

export function showPreview(out: Output, { definition, lastSyncTime, limit, queries }: Preview): void {
  for (const [index, each] of queries.entries()) {
    const what =
      each.query === 'main'
        ? `${definition.sync} from ${definition.database}, with last_sync_time ${secondsText(lastSyncTime)}`
        : 'relationships';
    out.line(`${index > 0 ? '\n' : ''}${what}`);
    showQuery(out, each, limit);
  }
}

function showQuery(out: Output, query: PreviewedQuery, limit: number): void {
  const { columns, rows } = query;
  out.line(
    `columns: ${columns.map(({ name, sourceType }) => `${visible(name)} ${visible(sourceType)}`).join(', ')}\n`,
  );
  if (rows.length === 0) {
    out.line('The query returns no row.');
    return;
  }
  const table = rowsTable(out, query);
  const tooWide = out.width !== undefined && widest(table) > out.width;
  out.line(tooWide ? rowsOneByOne(out, query) : table);
  out.line(`\n${summary(rows, limit)}`);
}

function rowsTable(out: Output, { columns, rows }: PreviewedQuery): string {
  const failures = rows.some((row) => 'verdict' in row && row.failure !== null);
  return tableText(
    [
      { head: 'ROW', align: 'right' },
      { head: 'VERDICT' },
      ...columns.map(({ name }) => ({ head: shortened(name, cellWidth) })),
      ...(failures ? [{ head: 'WHY' }] : []),
    ],
    rows.map((row) => [
      String(row.rowNumber),
      verdictOf(out, row),
      ...cellsOf(row).map((cell) => (cell === null ? 'NULL' : shortened(cell, cellWidth))),
      ...(failures ? [visible(whyOf(row) ?? '')] : []),
    ]),
  );
}

/** For terminals that are narrower than the table. */
function rowsOneByOne(out: Output, { columns, rows }: PreviewedQuery): string {
  const blocks = rows.map((row) => {
    const cells = cellsOf(row);
    const pairs = columns.map(
      ({ name }, index) => [shortened(name, cellWidth), shortened(cells[index] ?? 'NULL', 200)] as const,
    );
    return `row ${row.rowNumber}  ${verdictOf(out, row)}\n${pairsText([...pairs, ['why', whyOf(row)]])}`;
  });
  return blocks.join('\n\n');
}

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

function verdictOf(out: Output, row: PreviewedRow): string {
  return 'verdict' in row ? out.paint(row.verdict, tones[row.verdict]) : '-';
}

function cellsOf(row: PreviewedRow): (string | null)[] {
  if ('cells' in row) return row.cells;
  return jsonMembers(row.row).map(([, value]) => (value === 'null' ? null : cellText(value)));
}

function whyOf(row: PreviewedRow): string | null {
  return 'verdict' in row ? (row.failure?.message ?? null) : null;
}

function summary(rows: PreviewedRow[], limit: number): string {
  const which =
    rows.length === limit
      ? `The first ${limit} rows`
      : `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  const counts = new Map<string, number>();
  for (const row of rows) if ('verdict' in row) counts.set(row.verdict, (counts.get(row.verdict) ?? 0) + 1);
  const verdicts = [...counts].map(([verdict, count]) => `${countText(count)} ${verdict}`);
  return `${which}${verdicts.length === 0 ? '' : `: ${verdicts.join(', ')}`}. Nothing was written.`;
}

export function previewJson({ definition, lastSyncTime, queries, warnings }: Preview): Json {
  const main = queries.find(({ query }) => query === 'main');
  const relationships = queries.find(({ query }) => query === 'relationships');
  return {
    sync: definition.sync,
    database: definition.database,
    lastSyncTime,
    ...(main && queryJson(main)),
    relationships: relationships === undefined ? null : queryJson(relationships),
    warnings,
  };
}

function queryJson({ sql, columns, problems, rows }: PreviewedQuery): { readonly [key: string]: Json } {
  return {
    sql,
    columns: columns.map(({ name, type, array, sourceType }) => ({ name, type, array, sourceType })),
    problems,
    rows: rows.map((row) =>
      'verdict' in row
        ? {
            rowNumber: row.rowNumber,
            verdict: row.verdict,
            failure: row.failure === null ? null : { ...row.failure },
            row: new RawJson(row.row),
            cells: null,
          }
        : { rowNumber: row.rowNumber, verdict: null, failure: null, row: null, cells: row.cells },
    ),
  };
}
