import { describe, expect, it } from 'vitest';
import { statusWarnings } from '../../client/status-warnings.js';
import type { ImportRecord, ImportStatus } from '../../store/records.js';
import { importRecord } from './records.js';

/** A log, newest first, of imports with these statuses. */
function log(...statuses: ImportStatus[]): ImportRecord[] {
  return statuses.map((status, index) => importRecord({ status, number: statuses.length - index }));
}

describe('warnings of a status', () => {
  it('are none for a sync in good health', () => {
    expect(
      statusWarnings('customers', log('Running', 'Completed', 'Skipped', 'Failed', 'Completed')),
    ).toEqual([]);
    expect(statusWarnings('customers', [])).toEqual([]);
  });

  it('tell that three of the last ten intervals were skipped', () => {
    const imports = log('Skipped', 'Completed', 'Skipped', 'Completed', 'Skipped');
    expect(statusWarnings('customers', imports)).toEqual([
      expect.stringContaining('3 of the last 5 intervals were skipped'),
    ]);
  });

  it('count the intervals that one entry stands for, and not what is further back', () => {
    const completed = Array.from({ length: 8 }, () => importRecord());
    const outage = importRecord({ status: 'Skipped', intervals: 50 });
    expect(statusWarnings('customers', [...completed, outage])).toEqual([]);
    expect(statusWarnings('customers', [...completed.slice(1), outage])).toEqual([
      expect.stringContaining('3 of the last 10 intervals were skipped'),
    ]);
  });

  it('tell since when and by what last_sync_time is held back', () => {
    const imports = log('Failed', 'Skipped', 'Some Rows Failed', 'Canceled', 'Completed', 'Failed');
    expect(statusWarnings('customers', imports)).toEqual([
      'last_sync_time is held back since import 4 (2026-01-02T03:00:01Z), which is Some Rows Failed: "inlet failures customers 4" says why. If its failed rows may stay as they are, "inlet accept customers 4" moves it past them.',
    ]);
  });

  it('name the newest import that can be accepted, which takes those before it along', () => {
    const imports = log('Some Rows Failed', 'Failed', 'Some Rows Failed', 'Completed');
    expect(statusWarnings('customers', imports)).toEqual([
      expect.stringMatching(
        /since import 2 .* the failed rows of imports up to 4 .*"inlet accept customers 4"/,
      ),
    ]);
  });

  it('end with the import that was accepted', () => {
    const accepted = importRecord({ status: 'Some Rows Failed', number: 2, acceptedAt: new Date() });
    expect(statusWarnings('customers', [accepted, ...log('Some Rows Failed')])).toEqual([]);
    const later = importRecord({ status: 'Some Rows Failed', number: 3 });
    expect(statusWarnings('customers', [later, accepted])).toEqual([
      expect.stringContaining('held back since import 3'),
    ]);
  });

  it('point to the import itself where it failed as a whole', () => {
    expect(statusWarnings('customers', log('Failed'))).toEqual([
      expect.stringContaining('"inlet import customers 1" says why'),
    ]);
  });

  it('tell what holds last_sync_time back where imports are Completed and may not move it', () => {
    const held = { startTime: null, startBound: 'prepared transaction' };
    const imports = [
      importRecord({ number: 5, ...held }),
      importRecord({ number: 4, status: 'Skipped', startTime: null }),
      importRecord({ number: 3, ...held }),
      importRecord({ number: 2 }),
      importRecord({ number: 1, ...held }),
    ];
    expect(statusWarnings('customers', imports)).toEqual([
      'last_sync_time is held back by the oldest prepared transaction since import 3 (2026-01-02T03:00:01Z), which is Completed all the same: "inlet import customers 3" says more.',
    ]);
  });

  it('tell of a transaction that stays open, and not of those that every import meets', () => {
    const opened = new Date('2026-01-02T03:00:00Z');
    const since = (iso: string) => ({
      openedAt: opened,
      startBound: 'open transaction',
      startTime: Date.parse(iso) / 1000,
    });
    expect(statusWarnings('customers', [importRecord(since('2026-01-02T02:50:00Z'))])).toEqual([]);
    expect(statusWarnings('customers', [importRecord(since('2026-01-02T02:30:00Z'))])).toEqual([
      expect.stringContaining('last_sync_time is held back by the oldest open transaction since import 12'),
    ]);
  });
});
