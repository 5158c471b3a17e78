import { lineThrough, type Line } from './line.js';
import { median } from '../support/spread.js';
import type { Sample } from './rounds.js';
import { steps, type Step } from './subjects.js';

/** One step of a subject at one size: medians over the rounds, the worst where it says so. */
export interface Figure {
  subject: Sample['subject'];
  step: Step;
  rows: number;
  seconds: number;
  rowsPerSecond: number;
  floorSeconds: number;
  /** The median of the rounds' ratios: both were measured one after the other. */
  toFloor: number;
  /** How often the original's published time for as many rows of ten columns. Null where it published none. */
  toPublished: number | null;
  /** The most that the worker's memory rose above what it held before, and the most that it held. */
  aboveIdleMb: number;
  peakMb: number;
  /** Of the import's own history, and of what the sync's and the mutex's histories grew by. */
  events: number;
  eventsBeside: number;
  temporalKb: number;
  walMb: number;
}

/** 40 min 39 s for 1,000,000 rows of ten columns (docs/performance.md); we take it to be linear below. */
const PUBLISHED_SECONDS = 40 * 60 + 39;

export function figuresOf(samples: readonly Sample[]): Figure[] {
  const isAlike = (one: Sample, other: Sample) =>
    one.subject === other.subject && one.step === other.step && one.rows === other.rows;
  const firsts = samples.filter((one, at) => samples.findIndex((other) => isAlike(one, other)) === at);
  return firsts.map((first) =>
    figureOf(
      first,
      samples.filter((one) => isAlike(one, first)),
    ),
  );
}

function figureOf({ subject, step, rows }: Sample, group: readonly Sample[]): Figure {
  const middle = (of: (sample: Sample) => number) => median(group.map(of));
  const most = (of: (sample: Sample) => number) => Math.max(...group.map(of));
  const seconds = middle(({ run }) => run.seconds);
  const isPublished = subject === 'people' || subject === 'contested';
  return {
    ...{ subject, step, rows, seconds },
    rowsPerSecond: rows / seconds,
    floorSeconds: middle(({ floorSeconds }) => floorSeconds),
    toFloor: middle(({ run, floorSeconds }) => run.seconds / floorSeconds),
    toPublished: isPublished ? seconds / ((PUBLISHED_SECONDS * rows) / 1e6) : null,
    aboveIdleMb: most(({ run }) => run.peakMb - run.idleMb),
    peakMb: most(({ run }) => run.peakMb),
    events: most(({ run }) => run.events),
    eventsBeside: most(({ run }) => run.eventsBeside),
    temporalKb: middle(({ run }) => run.temporalBytes) / 1e3,
    walMb: middle(({ run }) => run.walBytes) / 1e6,
  };
}

/** The time of people's steps over their sizes. */
export function linesOf(figures: readonly Figure[]): { step: Step; line: Line }[] {
  return steps.flatMap((step) => {
    const line = lineThrough(figures.filter((figure) => figure.subject === 'people' && figure.step === step));
    return line === null ? [] : [{ step, line }];
  });
}
