import { describe, expect, it } from 'vitest';
import { scheduleText } from '../../client/schedule-text.js';
import { durationText, momentText, secondsText, timeText } from '../../client/time-text.js';
import { unknownName } from '../../client/unknown-name.js';
import { syncDefinition } from './records.js';

describe('times', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1 s'],
    [3249, '3.2 s'],
    [59_949, '59.9 s'],
    [60_000, '1 m'],
    [125_900, '2 m 5 s'],
    [3_600_000, '1 h'],
    [5_400_000, '1 h 30 m'],
    [100 * 3_600_000, '4 d 4 h'],
    [-5, '0 ms'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });

  it('are ISO 8601 in UTC to the second', () => {
    expect(timeText(Date.UTC(2026, 0, 2, 3, 4, 5, 999))).toBe('2026-01-02T03:04:05Z');
  });

  it('say how far away they are', () => {
    const now = Date.UTC(2026, 0, 1);
    expect(momentText(now + 90_000, now)).toBe('2026-01-01T00:01:30Z (in 1 m 30 s)');
    expect(momentText(now - 3_600_000, now)).toBe('2025-12-31T23:00:00Z (1 h ago)');
  });

  it('show last_sync_time as it is and as a time', () => {
    expect(secondsText(1_767_315_600)).toBe('1767315600 (2026-01-02T01:00:00Z)');
    expect(secondsText(0)).toBe('0');
  });
});

describe('a schedule in words', () => {
  it('says from where it counts and what happens while the workspace is busy', () => {
    expect(scheduleText(syncDefinition())).toBe(
      'every 1h from the start of the prior import; it is skipped while another import has the workspace (the first run waits)',
    );
    expect(scheduleText(syncDefinition({ anchor: 'end', every: '6h' }))).toBe(
      'every 6h from the end of the prior import; it waits its turn while another import has the workspace',
    );
    expect(scheduleText(syncDefinition({ startAt: '2026-01-01T01:30:00Z', whenBusy: 'skip' }))).toBe(
      'every 1h from the start of the prior import, first at 2026-01-01T01:30:00Z; it is skipped while another import has the workspace',
    );
  });
});

describe('an unknown name', () => {
  it('comes with the names that are near', () => {
    expect(unknownName('sync', 'custmers', 'inlet.yaml', ['orders', 'customers', 'leads'])).toBe(
      'There is no sync "custmers" in inlet.yaml. Did you mean "customers"?',
    );
  });

  it('comes with all names if none is near', () => {
    expect(unknownName('sync', 'zzz', 'inlet.yaml', ['orders', 'customers'])).toBe(
      'There is no sync "zzz" in inlet.yaml. There are "orders", "customers".',
    );
    expect(unknownName('sync', 'zzz', 'inlet.yaml', [])).toBe(
      'There is no sync "zzz" in inlet.yaml. There is none at all.',
    );
  });
});
