import { describe, expect, it } from 'vitest';
import { jsonText } from '../../client/json.js';
import { Output } from '../../client/output.js';
import { previewJson, showPreview, type Preview, type PreviewedQuery } from '../../client/preview-report.js';
import { recordingSink } from './recording-sink.js';
import { syncDefinition } from './records.js';

const query: PreviewedQuery = {
  query: 'main',
  sql: 'SELECT id, note FROM customers',
  columns: [
    { name: 'id', type: 'bigint', array: false, sourceType: 'bigint' },
    { name: 'note', type: 'text', array: false, sourceType: 'text' },
  ],
  problems: [],
  rows: [
    {
      rowNumber: 1,
      verdict: 'added',
      failure: null,
      row: '{"id":12345678901234567890,"note":"x\\ny\\u001b[2J"}',
    },
    {
      rowNumber: 2,
      verdict: 'failed',
      failure: {
        column: 'id',
        value: null,
        reason: 'blank_key',
        message: 'No id.',
        collidesWith: null,
        written: 'none',
      },
      row: '{"id":null,"note":{"a":1.10}}',
    },
  ],
};

const preview: Preview = {
  definition: syncDefinition(),
  lastSyncTime: 0,
  limit: 100,
  queries: [query],
  warnings: [],
};

/** What is printed on a terminal of so many columns, or into a pipe. */
function shown(changes: Partial<PreviewedQuery> = {}, columns?: number): string {
  const stdout = recordingSink(columns === undefined ? undefined : { columns });
  showPreview(new Output(stdout, recordingSink(), { json: false, colour: false }), {
    ...preview,
    queries: [{ ...query, ...changes }],
  });
  return stdout.text;
}

describe('a preview', () => {
  it('shows each row with its verdict, exact numbers, and nothing that steers the terminal', () => {
    expect(shown()).toBe(
      [
        'customers from crm, with last_sync_time 0',
        'columns: id bigint, note text',
        '',
        'ROW  VERDICT  id                    note           WHY',
        '  1  added    12345678901234567890  x\\ny\\u001b[2J',
        '  2  failed   NULL                  {"a":1.10}     No id.',
        '',
        '2 rows: 1 added, 1 failed. Nothing was written.',
        '',
      ].join('\n'),
    );
  });

  it('shows a row at a time where the table is wider than the terminal', () => {
    expect(shown({}, 50)).toContain('row 2  failed\n  id    NULL\n  note  {"a":1.10}\n  why   No id.\n');
    expect(shown({}, 80)).toContain('ROW  VERDICT');
  });

  it('shows rows without verdicts where the query would be refused', () => {
    const rows = [{ rowNumber: 1, cells: ['7', null] }];
    const text = shown({ rows, problems: ['no key'] });
    expect(text).toContain('  1  -        7   NULL\n');
    expect(text).toContain('1 row. Nothing was written.');
  });

  it('says that there is no row', () => {
    expect(shown({ rows: [] })).toContain('The query returns no row.');
  });

  it('passes rows through as JSON, digit by digit', () => {
    const text = jsonText(previewJson(preview), 0);
    expect(text).toContain('"row":{"id":12345678901234567890,"note":"x\\ny\\u001b[2J"}');
    expect(text).toContain('"row":{"id":null,"note":{"a":1.10}}');
  });
});
