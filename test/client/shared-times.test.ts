import { describe, expect, it } from 'vitest';
import { sharedTimes } from '../../client/shared-times.js';
import type { SyncBasics, SyncDefinition } from '../../config/sync-definition.js';
import { syncDefinition } from './records.js';

const minutes = (count: number): Partial<SyncBasics> => ({ every: `${count}m`, everyMs: count * 60_000 });
const customers = (changes: Partial<SyncBasics> = {}) => syncDefinition({ sync: 'customers', ...changes });
const leads = (changes: Partial<SyncBasics> = {}) => syncDefinition({ sync: 'leads', ...changes });

/** Whether a pair is warned of, when both are applied. */
function shared(one: SyncDefinition, other: SyncDefinition): boolean {
  return sharedTimes([one, other], [one, other]).length > 0;
}

describe('syncs that share their times', () => {
  it('are two that are applied together with the same interval', () => {
    expect(shared(customers(), leads())).toBe(true);
    expect(shared(customers(), leads(minutes(90)))).toBe(false);
  });

  it('are two whose grids meet, whatever their offsets are written in', () => {
    const one = customers({ startAt: '2026-01-01T00:00:00Z', ...minutes(60) });
    expect(shared(one, leads({ startAt: '2026-01-01T02:30:00+02:30', ...minutes(60) }))).toBe(true);
    expect(shared(one, leads({ startAt: '2026-01-01T00:30:00Z', ...minutes(60) }))).toBe(false);
    expect(shared(one, leads({ startAt: '2026-01-01T00:30:00Z', ...minutes(90) }))).toBe(true);
    expect(shared(one, leads({ startAt: '2026-01-01T00:20:00Z', ...minutes(90) }))).toBe(false);
  });

  it('are not told of where nobody would be skipped', () => {
    expect(shared(customers({ whenBusy: 'wait' }), leads({ whenBusy: 'wait' }))).toBe(false);
    expect(shared(customers({ whenBusy: 'wait' }), leads())).toBe(true);
  });

  it('are told of together where they are many', () => {
    const all = ['a', 'b', 'c', 'd'].map((sync) => syncDefinition({ sync }));
    expect(sharedTimes(all, all)).toEqual([
      expect.stringMatching(
        /^"a" \(every 1h\), "b" \(every 1h\), "c" \(every 1h\) and "d" \(every 1h\) share their times/,
      ),
    ]);
  });

  it('are told of in pairs where one meets two that do not meet each other', () => {
    const start = '2026-01-01T00:00:00Z';
    const all = [
      syncDefinition({ sync: 'a', startAt: start, ...minutes(4) }),
      syncDefinition({ sync: 'b', startAt: '2026-01-01T00:02:00Z', ...minutes(4) }),
      syncDefinition({ sync: 'c', startAt: start, ...minutes(2) }),
    ];
    expect(sharedTimes(all, all).map((sentence) => sentence.replace(/ share.*/, ''))).toEqual([
      '"a" (every 4m) and "c" (every 2m)',
      '"b" (every 4m) and "c" (every 2m)',
    ]);
  });

  it('need a grid, which intervals from the end of an import are not', () => {
    expect(shared(customers({ anchor: 'end', whenBusy: 'skip' }), leads())).toBe(false);
  });

  it('are told of only if one of them is applied', () => {
    const all = [customers(), leads(), syncDefinition({ sync: 'others', ...minutes(7) })];
    expect(sharedTimes(all, all.slice(2))).toEqual([]);
    expect(sharedTimes(all, all.slice(1))).toEqual([
      '"customers" (every 1h) and "leads" (every 1h) share their times: whichever finds the workspace busy is skipped. ' +
        'Give them a startAt some minutes apart, or whenBusy: wait.',
    ]);
  });
});
