import { describe, expect, it } from 'vitest';
import { at, diaryOf, minutes } from '../support/sync-diary.js';
import type { Day } from '../support/sync-diary.js';
import { beginSchedule, upcomingRuns } from '../../workflows/schedule.js';
import type { Schedule, Timing } from '../../workflows/schedule.js';

const hourlyFromStart = { everyMs: minutes(60), anchor: 'start' } as const;
const hourlyFromEnd = { everyMs: minutes(60), anchor: 'end' } as const;
const startAt = (time: string) => new Date(at(time)).toISOString();
const inOneMinute = [1];

/** One row a sentence of docs/scheduling.md: a day, and what the sync does on it. */
const days: Record<string, [sentence: string, day: Day, diary: string[]][]> = {
  'anchor end': [
    [
      '1 h and a one-minute import: every 61 minutes',
      { definition: hourlyFromEnd, from: '1:00', until: '5:00', takes: inOneMinute },
      ['1:00 import', '2:01 import', '3:02 import', '4:03 import'],
    ],
    [
      'however long an import takes, the next one is an hour after its end',
      { definition: hourlyFromEnd, from: '1:00', until: '7:00', takes: [150, 1] },
      ['1:00 import', '4:30 import', '5:31 import', '6:32 import'],
    ],
    [
      'an import that finds the workspace taken waits its turn',
      {
        definition: hourlyFromEnd,
        from: '1:00',
        until: '4:00',
        takes: inOneMinute,
        happenings: [
          ['2:00', 'taken'],
          ['2:20', 'free'],
        ],
      },
      ['1:00 import', '2:01 queued', '2:20 import', '3:21 import'],
    ],
    [
      'with whenBusy skip it is skipped, and tried again an interval later',
      {
        definition: { ...hourlyFromEnd, whenBusy: 'skip' },
        from: '1:00',
        until: '4:30',
        takes: inOneMinute,
        happenings: [
          ['2:00', 'taken'],
          ['2:20', 'free'],
        ],
      },
      ['1:00 import', '2:01 skipped: busy', '3:01 import', '4:02 import'],
    ],
  ],
  'anchor start': [
    [
      '1:30, 2:30; still running: 3:30',
      {
        definition: { ...hourlyFromStart, startAt: startAt('1:30') },
        from: '1:00',
        until: '4:00',
        takes: [70, 1],
      },
      ['1:30 import', '2:30 skipped 1: import 1 of customers was still running', '3:30 import'],
    ],
    [
      'the grid does not drift, whatever imports take',
      { definition: hourlyFromStart, from: '1:07', until: '5:30', takes: [3, 50, 59, 1] },
      ['1:07 import', '2:07 import', '3:07 import', '4:07 import', '5:07 import'],
    ],
    [
      'without startAt the first run is at once, and waits; the moment of its grant sets the grid',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '3:30',
        takes: inOneMinute,
        happenings: [
          ['1:00', 'taken'],
          ['1:20', 'free'],
        ],
      },
      ['1:00 queued', '1:20 import', '2:20 import', '3:20 import'],
    ],
    [
      'a later run that finds the workspace taken is skipped, and tried again an interval later',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '4:00',
        takes: inOneMinute,
        happenings: [
          ['1:50', 'taken'],
          ['2:20', 'free'],
        ],
      },
      ['1:00 import', '2:00 skipped: busy', '3:00 import', '4:00 import'],
    ],
    [
      'with whenBusy wait it waits, and the grid stays where it was',
      {
        definition: { ...hourlyFromStart, whenBusy: 'wait' },
        from: '1:00',
        until: '4:00',
        takes: inOneMinute,
        happenings: [
          ['1:50', 'taken'],
          ['2:20', 'free'],
        ],
      },
      ['1:00 import', '2:00 queued', '2:20 import', '3:00 import', '4:00 import'],
    ],
    [
      'a point of the grid that passes while the own import waits is skipped, and names it',
      {
        definition: { ...hourlyFromStart, whenBusy: 'wait' },
        from: '1:00',
        until: '4:30',
        takes: inOneMinute,
        happenings: [
          ['1:50', 'taken'],
          ['3:20', 'free'],
        ],
      },
      [
        '1:00 import',
        '2:00 queued',
        '3:00 skipped 1: import 2 of customers was still waiting for the workspace',
        '3:20 import',
        '4:00 import',
      ],
    ],
    [
      'each point of the grid that a long import passes is an entry at its time',
      { definition: hourlyFromStart, from: '1:00', until: '5:00', takes: [150, 1] },
      [
        '1:00 import',
        '2:00 skipped 1: import 1 of customers was still running',
        '3:00 skipped 1: import 1 of customers was still running',
        '4:00 import',
        '5:00 import',
      ],
    ],
  ],
  startAt: [
    [
      'sets the first run, and the grid',
      {
        definition: { ...hourlyFromStart, startAt: startAt('2:45') },
        from: '1:00',
        until: '5:00',
        takes: inOneMinute,
      },
      ['2:45 import', '3:45 import', '4:45 import'],
    ],
    [
      'in the past sets only the phase',
      {
        definition: { ...hourlyFromStart, startAt: startAt('0:10') },
        from: '2:30',
        until: '5:00',
        takes: inOneMinute,
      },
      ['3:10 import', '4:10 import'],
    ],
    [
      'sets the phase of the first run alone where the interval counts from the end',
      {
        definition: { ...hourlyFromEnd, startAt: startAt('0:10') },
        from: '2:30',
        until: '5:00',
        takes: inOneMinute,
      },
      ['3:10 import', '4:11 import'],
    ],
    [
      'sets the grid also for a first run that had to wait',
      {
        definition: { ...hourlyFromStart, startAt: startAt('1:30') },
        from: '1:00',
        until: '4:00',
        takes: inOneMinute,
        happenings: [
          ['1:00', 'taken'],
          ['1:40', 'free'],
        ],
      },
      ['1:30 queued', '1:40 import', '2:30 import', '3:30 import'],
    ],
    [
      'that is still to come stays, whatever is triggered before it',
      {
        definition: { ...hourlyFromStart, startAt: startAt('3:30') },
        from: '1:00',
        until: '5:00',
        takes: inOneMinute,
        happenings: [['1:10', 'trigger']],
      },
      ['1:10 triggered import', '3:30 import', '4:30 import'],
    ],
    [
      'that is changed begins anew',
      {
        definition: { ...hourlyFromStart, startAt: startAt('1:30') },
        from: '1:00',
        until: '6:00',
        takes: inOneMinute,
        happenings: [['2:00', { startAt: startAt('4:15') }]],
      },
      ['1:30 import', '4:15 import', '5:15 import'],
    ],
    [
      'that is changed while an import runs: points of the new grid that pass meanwhile are skipped, naming it',
      {
        definition: { ...hourlyFromStart, startAt: startAt('1:30') },
        from: '1:00',
        until: '6:00',
        takes: [140, 1],
        happenings: [['2:00', { startAt: startAt('0:10') }]],
      },
      [
        '1:30 import',
        '2:10 skipped 1: import 1 of customers was still running',
        '3:10 skipped 1: import 1 of customers was still running',
        '4:10 import',
        '5:10 import',
      ],
    ],
    [
      'that is changed while an import runs is the next run of anchor end, too, if it is to come',
      {
        definition: hourlyFromEnd,
        from: '1:00',
        until: '5:00',
        takes: [30, 1],
        happenings: [['1:20', { startAt: startAt('0:10') }]],
      },
      ['1:00 import', '2:10 import', '3:11 import', '4:12 import'],
    ],
    [
      'that passes while a triggered import runs is skipped, naming it',
      {
        definition: { ...hourlyFromStart, startAt: startAt('3:30') },
        from: '1:00',
        until: '5:30',
        takes: [30, 1],
        happenings: [['3:20', 'trigger']],
      },
      [
        '3:20 triggered import',
        '3:30 skipped 1: import 1 of customers was still running',
        '4:30 import',
        '5:30 import',
      ],
    ],
  ],
  'after an outage': [
    [
      'one import runs at once, what was missed is one entry with a count, and the grid is the old one',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '7:30',
        takes: inOneMinute,
        happenings: [
          ['1:10', 'down'],
          ['5:20', 'up'],
        ],
      },
      [
        '1:00 import',
        '5:20 skipped 3: 3 intervals passed while nothing was running',
        '5:20 import',
        '6:00 import',
        '7:00 import',
      ],
    ],
    [
      'shorter than an interval nothing was missed',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '3:30',
        takes: inOneMinute,
        happenings: [
          ['1:10', 'down'],
          ['2:20', 'up'],
        ],
      },
      ['1:00 import', '2:20 import', '3:00 import'],
    ],
    [
      'the interval counts from the end of the import that it was made up with',
      {
        definition: hourlyFromEnd,
        from: '1:00',
        until: '6:30',
        takes: inOneMinute,
        happenings: [
          ['1:10', 'down'],
          ['4:20', 'up'],
        ],
      },
      [
        '1:00 import',
        '4:20 skipped 2: 2 intervals passed while nothing was running',
        '4:20 import',
        '5:21 import',
        '6:22 import',
      ],
    ],
    [
      'during the own import, its overruns are one entry with a count',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '6:00',
        takes: [210, 1],
        happenings: [
          ['1:10', 'down'],
          ['4:20', 'up'],
        ],
      },
      [
        '1:00 import',
        '4:20 skipped 3: import 1 of customers was still running',
        '5:00 import',
        '6:00 import',
      ],
    ],
    [
      'that outlasted the own import, what it overran and what was missed are told apart',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '7:00',
        takes: [90, 1],
        happenings: [
          ['1:10', 'down'],
          ['5:20', 'up'],
        ],
      },
      [
        '1:00 import',
        '5:20 skipped 1: import 1 of customers was still running',
        '5:20 skipped 2: 2 intervals passed while nothing was running',
        '5:20 import',
        '6:00 import',
        '7:00 import',
      ],
    ],
  ],
  'pause and resume': [
    [
      'it picks up at the next point of the grid, never at once',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '6:00',
        takes: inOneMinute,
        happenings: [
          ['1:30', 'pause'],
          ['4:20', 'resume'],
        ],
      },
      ['1:00 import', '5:00 import', '6:00 import'],
    ],
    [
      'it picks up at the first end + k·interval after now',
      {
        definition: hourlyFromEnd,
        from: '1:00',
        until: '6:30',
        takes: inOneMinute,
        happenings: [
          ['1:30', 'pause'],
          ['4:20', 'resume'],
        ],
      },
      ['1:00 import', '5:01 import', '6:02 import'],
    ],
    [
      'a running import finishes, and what it overruns while paused is no entry',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '6:00',
        takes: [150, 1],
        happenings: [
          ['1:30', 'pause'],
          ['3:20', 'resume'],
        ],
      },
      ['1:00 import', '4:00 import', '5:00 import', '6:00 import'],
    ],
    [
      'a queued import is withdrawn; the first run then is at the next interval, and still waits',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '6:30',
        takes: inOneMinute,
        happenings: [
          ['1:00', 'taken'],
          ['1:10', 'pause'],
          ['3:20', 'resume'],
          ['4:10', 'free'],
        ],
      },
      ['1:00 queued', '1:10 canceled: paused', '4:00 queued', '4:10 import', '5:10 import', '6:10 import'],
    ],
    [
      'an outage while paused misses nothing',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '6:00',
        takes: inOneMinute,
        happenings: [
          ['1:10', 'pause'],
          ['1:20', 'down'],
          ['4:20', 'up'],
          ['4:30', 'resume'],
        ],
      },
      ['1:00 import', '5:00 import', '6:00 import'],
    ],
    [
      'a startAt still to come outlives a pause',
      {
        definition: { ...hourlyFromStart, startAt: startAt('3:30') },
        from: '1:00',
        until: '5:00',
        takes: inOneMinute,
        happenings: [
          ['1:10', 'pause'],
          ['2:00', 'resume'],
        ],
      },
      ['3:30 import', '4:30 import'],
    ],
    [
      'a startAt that passed meanwhile gives the phase',
      {
        definition: { ...hourlyFromStart, startAt: startAt('1:30') },
        from: '1:00',
        until: '5:00',
        takes: inOneMinute,
        happenings: [
          ['1:10', 'pause'],
          ['3:00', 'resume'],
        ],
      },
      ['3:30 import', '4:30 import'],
    ],
  ],
  trigger: [
    [
      'runs at once, and the grid counts from it',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '4:00',
        takes: inOneMinute,
        happenings: [['1:20', 'trigger']],
      },
      ['1:00 import', '1:20 triggered import', '2:20 import', '3:20 import'],
    ],
    [
      'runs at once, and the interval counts from its end',
      {
        definition: hourlyFromEnd,
        from: '1:00',
        until: '4:00',
        takes: inOneMinute,
        happenings: [['1:20', 'trigger']],
      },
      ['1:00 import', '1:20 triggered import', '2:21 import', '3:22 import'],
    ],
    [
      'waits its turn whatever whenBusy says, and the grid counts from its grant',
      {
        definition: { ...hourlyFromStart, whenBusy: 'skip' },
        from: '1:00',
        until: '3:00',
        takes: inOneMinute,
        happenings: [
          ['1:10', 'taken'],
          ['1:20', 'trigger'],
          ['1:30', 'free'],
        ],
      },
      ['1:00 import', '1:20 queued', '1:30 triggered import', '2:30 import'],
    ],
    [
      'during the own import runs after it',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '3:30',
        takes: [30, 1],
        happenings: [['1:20', 'trigger']],
      },
      ['1:00 import', '1:30 triggered import', '2:30 import', '3:30 import'],
    ],
    [
      'while paused runs all the same, and resuming counts from it',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '6:00',
        takes: inOneMinute,
        happenings: [
          ['1:30', 'pause'],
          ['2:20', 'trigger'],
          ['4:00', 'resume'],
        ],
      },
      ['1:00 import', '2:20 triggered import', '4:20 import', '5:20 import'],
    ],
    [
      'that was canceled while queued leaves the schedule alone',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '3:00',
        takes: inOneMinute,
        happenings: [
          ['1:10', 'taken'],
          ['1:20', 'trigger'],
          ['1:30', 'cancel'],
          ['1:40', 'free'],
        ],
      },
      ['1:00 import', '1:20 queued', '1:30 canceled: canceled', '2:00 import', '3:00 import'],
    ],
  ],
  update: [
    [
      'a longer interval moves the next run',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '6:00',
        takes: inOneMinute,
        happenings: [['1:30', { everyMs: minutes(120) }]],
      },
      ['1:00 import', '3:00 import', '5:00 import'],
    ],
    [
      'a shorter interval moves the next run',
      {
        definition: { ...hourlyFromEnd, everyMs: minutes(360) },
        from: '1:00',
        until: '4:00',
        takes: inOneMinute,
        happenings: [['1:30', { everyMs: minutes(60) }]],
      },
      ['1:00 import', '2:01 import', '3:02 import'],
    ],
    [
      'an interval by which the next run is overdue runs it at once, with nothing missed',
      {
        definition: { ...hourlyFromStart, everyMs: minutes(360) },
        from: '1:00',
        until: '6:00',
        takes: inOneMinute,
        happenings: [['4:20', { everyMs: minutes(60) }]],
      },
      ['1:00 import', '4:20 import', '5:00 import', '6:00 import'],
    ],
    [
      'that leaves the times alone moves nothing',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '3:00',
        takes: inOneMinute,
        happenings: [['1:20', { query: 'SELECT 2' }]],
      },
      ['1:00 import', '2:00 import', '3:00 import'],
    ],
    [
      'from anchor start to end counts from the end of the prior import, and back from its start',
      {
        definition: hourlyFromStart,
        from: '1:00',
        until: '5:00',
        takes: [10],
        happenings: [
          ['1:20', hourlyFromEnd],
          ['2:30', hourlyFromStart],
        ],
      },
      ['1:00 import', '2:10 import', '3:10 import', '4:10 import'],
    ],
    [
      'of a first run that was canceled moves it, too',
      {
        definition: { ...hourlyFromStart, everyMs: minutes(360) },
        from: '1:00',
        until: '4:00',
        takes: inOneMinute,
        happenings: [
          ['1:00', 'taken'],
          ['1:10', 'cancel'],
          ['1:20', 'free'],
          ['1:30', { everyMs: minutes(60) }],
        ],
      },
      ['1:00 queued', '1:10 canceled: canceled', '2:30 import', '3:30 import'],
    ],
  ],
};

describe.each(Object.entries(days))('%s:', (_, sentences) => {
  it.each(sentences)('%s', (_, day, diary) => {
    expect(diaryOf(day)).toEqual(diary);
  });
});

describe('the next runs', () => {
  const from = at('1:30');
  const times = (schedule: Schedule, timing: Timing, now: string) =>
    upcomingRuns(schedule, timing, at(now), 3).map((run) => run / minutes(1));

  it('are on the grid, the first of them at once if it is overdue', () => {
    const schedule = { firstAt: from, hasRun: true, gridPoint: from };
    expect(times(schedule, hourlyFromStart, '2:00')).toEqual([150, 210, 270]);
    expect(times(schedule, hourlyFromStart, '4:40')).toEqual([280, 330, 390]);
  });

  it('of a sync that begins now are now, and intervals from it', () => {
    expect(times(beginSchedule(hourlyFromStart, from), hourlyFromStart, '1:30')).toEqual([90, 150, 210]);
  });

  it('begin at startAt, if that is to come', () => {
    const timing = { ...hourlyFromStart, startAt: startAt('3:00') };
    expect(times(beginSchedule(timing, from), timing, '1:30')).toEqual([180, 240, 300]);
  });

  it('from the end of imports are the earliest possible; none is known while one runs', () => {
    const schedule = { firstAt: from, hasRun: true, gridPoint: from };
    expect(times({ ...schedule, endedAt: at('1:31') }, hourlyFromEnd, '2:00')).toEqual([151, 211, 271]);
    expect(times(schedule, hourlyFromEnd, '2:00')).toEqual([]);
  });
});
