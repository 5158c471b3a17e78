import Table from 'cli-table3';

/** For a terminal. */
export function terminalTable(head: string[], rows: string[][]): string {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  return table.toString();
}

/** For a page: two columns that name the row, then figures. */
export function markdownTable(head: string[], rows: string[][]): string {
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map((_, at) => (at < 2 ? '---' : '---:'))), ...rows.map(row)].join('\n');
}
