import { describe, expect, it } from 'vitest';
import { judge, type Circumstances, type JudgedImport, type Known } from '../../store/alert-rules.js';
import type { ImportStatus } from '../../store/records.js';

const HOUR = 3_600_000;
const begin = Date.parse('2026-01-02T00:00:00Z');
const at = (hours: number) => new Date(begin + hours * HOUR);

/** Import `number` starts at that hour and ends half an hour later. */
function imported(number: number, status: ImportStatus, rest: Partial<JudgedImport> = {}): JudgedImport {
  const running = status === 'Running';
  return {
    number,
    status,
    reason: null,
    intervals: 1,
    acceptedAt: null,
    startTime: at(number).getTime() / 1000,
    startBound: 'clock',
    openedAt: at(number),
    dueAt: at(number),
    endedAt: running ? null : at(number + 0.5),
    due: running ? null : true,
    counts: null,
    relationships: null,
    definition: { overlapSeconds: 1 },
    ...rest,
  };
}

const nothing: Known = { judged: 0, conditions: new Map(), pausedAt: null };
const calm: Circumstances = { now: at(0), afterMs: 1000 * HOUR, paused: undefined };

/** A diary of a sync whose imports end one after the other, looked at after each of them. */
class Diary {
  known = nothing;
  imports: JudgedImport[] = [];
  told: string[] = [];

  look(circumstances: Partial<Circumstances> = {}): this {
    const judgement = judge(this.known, this.imports, { ...calm, ...circumstances });
    this.known = judgement.known;
    this.imports = this.imports.map((each) =>
      judgement.judged.includes(each.number) ? { ...each, due: false } : each,
    );
    const changes = judgement.changes.map(
      ({ kind, condition, import: by }) => `${by.number} ${kind} ${condition}`,
    );
    this.told.push(...changes, ...(judgement.askWhetherPaused ? ['asks'] : []));
    return this;
  }

  log(...statuses: ImportStatus[]): this {
    for (const status of statuses) this.imports.unshift(imported((this.imports[0]?.number ?? 0) + 1, status));
    return this;
  }
}

describe('what is told of a sync', () => {
  it('is that it begins to fail, once, and that it has recovered', () => {
    const diary = new Diary();
    for (const status of [
      'Completed',
      'Failed',
      'Failed',
      'Canceled',
      'Skipped',
      'Failed',
      'Completed',
    ] as const)
      diary.log(status).look().look();
    expect(diary.told).toEqual(['2 began failing', '7 recovered failing']);
  });

  it('is the same where many imports are looked at together', () => {
    const statuses = ['Failed', 'Some Rows Failed', 'Completed', 'Failed', 'Failed', 'Completed'] as const;
    const together = new Diary().log(...statuses).look();
    const one = new Diary();
    for (const status of statuses) one.log(status).look();
    expect(together.told).toEqual(one.told);
    expect(one.told).toEqual([
      '1 began failing',
      '2 recovered failing',
      '2 began some_rows_failed',
      '3 recovered some_rows_failed',
      '4 began failing',
      '6 recovered failing',
    ]);
  });

  it('goes by when imports ended, not by their numbers', () => {
    const diary = new Diary();
    diary.imports = [imported(2, 'Skipped'), imported(1, 'Running')];
    diary.look();
    diary.imports = diary.imports.map((each) => (each.number === 1 ? imported(1, 'Failed') : each));
    diary.look();
    expect(diary.told).toEqual(['1 began failing']);
  });

  it('is that its failed rows were accepted', () => {
    const diary = new Diary().log('Some Rows Failed').look();
    diary.imports = diary.imports.map((each) => ({ ...each, acceptedAt: at(9) }));
    diary.look().look();
    expect(diary.told).toEqual(['1 began some_rows_failed', '1 recovered some_rows_failed']);
  });

  it('is nothing where others were accepted than those that failed last', () => {
    const diary = new Diary().log('Some Rows Failed', 'Some Rows Failed').look();
    diary.imports = diary.imports.map((each) => (each.number === 1 ? { ...each, acceptedAt: at(9) } : each));
    diary.look();
    expect(diary.told).toEqual(['1 began some_rows_failed']);
  });

  it('is that three of ten intervals were skipped, and does not flap about that number', () => {
    const diary = new Diary();
    for (let round = 0; round < 8; round += 1)
      for (const status of ['Skipped', 'Completed', 'Completed', 'Completed'] as const)
        diary.log(status).look();
    expect(diary.told).toEqual(['9 began skipped_often']);
    for (let round = 0; round < 8; round += 1) diary.log('Completed').look();
    expect(diary.told.slice(1)).toEqual(['35 recovered skipped_often']);
  });

  it('counts the intervals that one entry stands for', () => {
    const diary = new Diary();
    diary.imports = [imported(1, 'Skipped', { intervals: 7 })];
    expect(diary.look().told).toEqual(['1 began skipped_often']);
  });
});

describe('a last_sync_time that is held back', () => {
  const afterMs = 6 * HOUR;

  it('is told once the time is over, without any import, if the sync is not paused', () => {
    const diary = new Diary().log('Completed', 'Some Rows Failed').look({ afterMs, now: at(3) });
    diary.told = [];
    diary.look({ afterMs, now: at(7.9) });
    expect(diary.told).toEqual([]);
    diary.look({ afterMs, now: at(8) });
    diary.look({ afterMs, now: at(8), paused: false });
    diary.look({ afterMs, now: at(30) });
    expect(diary.told).toEqual(['asks', '2 began held_back']);
    diary.log('Completed').look({ afterMs, now: at(31) });
    expect(diary.told.slice(2)).toEqual(['3 recovered some_rows_failed', '3 recovered held_back']);
  });

  it('is not told while the sync is paused, and is looked at again when that was long ago', () => {
    const diary = new Diary().log('Failed').look({ afterMs, now: at(2) });
    diary.told = [];
    diary.look({ afterMs, now: at(8), paused: true });
    diary.look({ afterMs, now: at(13) });
    expect(diary.told).toEqual([]);
    diary.look({ afterMs, now: at(14) }).look({ afterMs, now: at(14), paused: false });
    expect(diary.told).toEqual(['asks', '1 began held_back']);
  });

  it('stays so while no import says otherwise, as after a change of the database', () => {
    const diary = new Diary().log('Some Rows Failed').look();
    diary.look({ afterMs, now: at(8), paused: false });
    const before = diary.imports;
    diary.told = [];
    diary.imports = [];
    diary.look({ afterMs, now: at(9) });
    expect(diary.told).toEqual([]);
    expect([...diary.known.conditions.keys()]).toContain('held_back');
    diary.imports = before;
    diary.log('Completed').look({ afterMs, now: at(10) });
    expect(diary.told).toContain('2 recovered held_back');
  });

  it('by a transaction that stays open counts, too', () => {
    const diary = new Diary();
    diary.imports = [imported(1, 'Completed', { startTime: null, startBound: 'replay' })];
    diary.look({ afterMs, now: at(9), paused: false });
    expect(diary.told).toEqual(['1 began held_back']);
  });
});

describe('what was so before alerts were turned on', () => {
  it('is known and not told, nor that it ends', () => {
    const diary = new Diary().log('Some Rows Failed', 'Failed', 'Skipped', 'Skipped', 'Skipped');
    diary.imports = diary.imports.map((each) => ({ ...each, due: null }));
    diary.look({ afterMs: HOUR, now: at(100) }).look({ afterMs: HOUR, now: at(100) });
    expect(diary.told).toEqual([]);
    expect([...diary.known.conditions.keys()].toSorted()).toEqual([
      'failing',
      'held_back',
      'skipped_often',
      'some_rows_failed',
    ]);
    diary.log('Failed').look();
    diary.log(...Array.from({ length: 10 }, () => 'Completed' as const)).look();
    expect(diary.told).toEqual([]);
    diary.log('Failed').look();
    expect(diary.told).toEqual(['17 began failing']);
  });

  it('includes what happened while they were off for a time', () => {
    const diary = new Diary().log('Completed').look();
    diary.log('Failed');
    diary.imports = diary.imports.map((each) => (each.number === 2 ? { ...each, due: null } : each));
    diary.log('Failed').look();
    expect(diary.told).toEqual([]);
  });
});
