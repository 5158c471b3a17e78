import { describe, expect, it } from 'vitest';
import { fillLastSyncTime, usesLastSyncTime } from '../../sources/last-sync-time.js';
import { SourceError } from '../../sources/source-error.js';

const refusal = (query: string): SourceError => {
  try {
    fillLastSyncTime(query, 0);
  } catch (error) {
    if (error instanceof SourceError) return error;
  }
  throw new Error('This should have been refused.');
};

describe('{{last_sync_time}}', () => {
  it('becomes the Unix seconds, wherever it stands', () => {
    expect(fillLastSyncTime('a > {{last_sync_time}} OR b > {{last_sync_time}}', 1_700_000_000)).toBe(
      'a > 1700000000 OR b > 1700000000',
    );
  });

  it('may have white space inside its braces', () => {
    expect(fillLastSyncTime('{{ last_sync_time }} {{\tlast_sync_time\n}}', 7)).toBe('7 7');
  });

  it('stays an integer however large it is', () => {
    expect(fillLastSyncTime('{{last_sync_time}}', 9_007_199_254_740_991)).toBe('9007199254740991');
  });

  it('is found where it is used, and only there', () => {
    expect(usesLastSyncTime('WHERE a > {{ last_sync_time }}')).toBe(true);
    expect(usesLastSyncTime('WHERE a > last_sync_time')).toBe(false);
  });

  it.each([
    ['SELECT 1\nFROM a WHERE x > {{last_sync}}', '{{last_sync}}', { line: 2, column: 18 }],
    ['{{LAST_SYNC_TIME}}', '{{LAST_SYNC_TIME}}', { line: 1, column: 1 }],
    ['SELECT {{}}', '{{}}', { line: 1, column: 8 }],
    ['SELECT {{ last_sync_time', '{{ last_sync_time', { line: 1, column: 8 }],
    ['SELECT {{ last_sync_time }', '{{ last_sync_time', { line: 1, column: 8 }],
  ])('refuses %j and names what is wrong with its line', (query, shown, position) => {
    const error = refusal(query);
    expect(error.message).toContain(`${shown} in line ${position.line}`);
    expect(error.position).toEqual(position);
    expect(error.retryable).toBe(false);
  });

  it('leaves braces alone that are an array or JSON', () => {
    const query = `SELECT '{{1,2},{3,4}}'::int[], '{"a": {"b": {}}}'::json`;
    expect(fillLastSyncTime(query, 0)).toBe(query);
  });

  it.each([-1, 1.5, Number.NaN])('is never filled with %d', (seconds) => {
    expect(() => fillLastSyncTime('{{last_sync_time}}', seconds)).toThrow(RangeError);
  });
});
