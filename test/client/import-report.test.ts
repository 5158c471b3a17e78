import { describe, expect, it } from 'vitest';
import { importJson, wholeImportJson } from '../../client/import-json.js';
import { importsTable, importText, outcomeText, progressText } from '../../client/import-report.js';
import { jsonText } from '../../client/json.js';
import { Output } from '../../client/output.js';
import { importRecord } from './records.js';
import { recordingSink } from './recording-sink.js';

const out = new Output(recordingSink(), recordingSink(), { json: false, colour: true });

describe('the outcome of an import', () => {
  it('has rows by outcome and failed rows by reason', () => {
    const text = outcomeText(out, importRecord({ status: 'Some Rows Failed' }), [
      { query: 'main', reason: 'invalid_email', count: 1 },
    ]);
    expect(text).toBe(
      [
        'customers #12  Some Rows Failed  10 s',
        '  OUTCOME     ROWS',
        '  added          4',
        '  updated        3',
        '  unchanged      2',
        '  skipped        0',
        '  superseded     0',
        '  failed         1',
        '  all           10',
        '  FAILED BECAUSE  QUERY  ROWS',
        '  invalid_email   main      1',
      ].join('\n'),
    );
  });

  it('gives the reason of an import that failed before it had rows', () => {
    const record = importRecord({ status: 'Failed', reason: 'The table is gone.\u001b[2J', counts: null });
    expect(outcomeText(out, record, [])).toBe('customers #12  Failed  10 s\n  The table is gone.\\u001b[2J');
  });
});

describe('one import', () => {
  it('shows phases, speed, last_sync_time, start time with its bound, and the SQL', () => {
    const text = importText(out, importRecord({ sql: 'SELECT id\nFROM customers\n' }), []);
    expect(text).toContain('wait 1 s, stage 2 s, plan 1 s, apply 6 s, close 1 s');
    expect(text).toContain('1 rows/s');
    expect(text).toContain('1767315600 (2026-01-02T01:00:00Z)');
    expect(text).toContain("1767319200 (2026-01-02T02:00:00Z), bound by the database's clock");
    expect(text).toMatch(/SQL {2,}SELECT id\n +FROM customers$/);
  });

  it('shows what the database said without letting it steer the terminal', () => {
    const text = importText(out, importRecord({ databaseMessage: 'bad value "\u001b[31m"' }), []);
    expect(text).toContain('bad value "\\u001b[31m"');
  });
});

describe('the phases of an import', () => {
  it('end with the import where it broke off', () => {
    const none = { stagedAt: null, plannedAt: null, appliedAt: null };
    const text = (changes: object) => importText(out, importRecord(changes), []);
    expect(text({ status: 'Failed', ...none })).toMatch(/phases +wait 1 s, stage 10 s$/m);
    expect(text({ status: 'Canceled', ...none, openedAt: null })).toMatch(/phases +wait 11 s$/m);
    expect(text({ status: 'Completed', appliedAt: null })).toMatch(/stage 2 s, plan 1 s$/m);
  });
});

describe('progress', () => {
  it('names what the import does at the moment', () => {
    const running = { status: 'Running', counts: null, endedAt: null } as const;
    const at = new Date();
    const none = { stagedAt: null, plannedAt: null, appliedAt: null };
    const rows = { rowsStaged: 12_345, rowsApplied: 4_000 };
    expect(progressText(importRecord({ ...running, ...none, ...rows }))).toBe('reading, 12,345 rows so far');
    expect(progressText(importRecord({ ...running, ...none, stagedAt: at, ...rows }))).toBe(
      'planning 12,345 rows',
    );
    expect(progressText(importRecord({ ...running, ...rows, appliedAt: null }))).toBe(
      'applying, 4,000 of 12,345 rows',
    );
    expect(progressText(importRecord(running))).toBe('closing');
  });
});

describe('the table of imports', () => {
  it('has a line for each, without trailing space or escape sequences', () => {
    const skipped = importRecord({
      number: 13,
      status: 'Skipped',
      counts: null,
      openedAt: null,
      endedAt: null,
      reason: 'leads has the workspace',
    });
    const lines = importsTable(out, [skipped, importRecord()]).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^13 {2}Skipped .* leads has the workspace$/);
    expect(lines[2]).toMatch(/^12 {2}Completed {2}2026-01-02T03:00:01Z {2}10 s {4}10 {6}4 {8}3 {10}2/);
    expect(lines.join('')).not.toContain('\u001b');
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
  });

  it('is coloured on a terminal', () => {
    const terminal = new Output(recordingSink({ columns: 80 }), recordingSink(), {
      json: false,
      colour: true,
    });
    expect(importsTable(terminal, [importRecord()])).toContain('\u001b[32mCompleted\u001b[39m');
  });
});

describe('an import as JSON', () => {
  it('has the keys that docs/commands.md promises', () => {
    const parsed: unknown = JSON.parse(jsonText(wholeImportJson(importRecord(), []), 2));
    expect(parsed).toMatchObject({
      number: 12,
      status: 'Completed',
      counts: { rows: 10, added: 4, failed: 1 },
      lastSyncTime: 1_767_315_600,
      openedAt: '2026-01-02T03:00:01.000Z',
      phaseMilliseconds: { wait: 1000, stage: 2000, plan: 1000, apply: 6000, close: 1000 },
      rowsPerSecond: 1,
      definition: { sync: 'customers' },
      failures: [],
    });
  });

  it('says nothing of the SQL or what the database said where many imports are listed', () => {
    expect(Object.keys(importJson(importRecord({ databaseMessage: 'x' })))).not.toEqual(
      expect.arrayContaining(['sql', 'databaseMessage']),
    );
  });
});
