import { markdownTable, terminalTable } from '../support/tables.js';
import { figuresOf, linesOf, type Figure } from './figures.js';
import type { IntervalFigures } from './interval.js';
import type { Sample } from './rounds.js';

export interface Results {
  samples: Sample[];
  interval: IntervalFigures | null;
}

interface Sheet {
  head: string[];
  rows: string[][];
}

/** The figures as tables for a terminal. */
export const reportText = (results: Results): string =>
  sheetsOf(results)
    .map(({ head, rows }) => terminalTable(head, rows))
    .join('\n\n');

/** The same for a page. */
export const markdownText = (results: Results): string =>
  sheetsOf(results)
    .map(({ head, rows }) => `${markdownTable(head, rows)}\n`)
    .join('\n');

function sheetsOf({ samples, interval }: Results): Sheet[] {
  const figures = figuresOf(samples);
  const lines = linesOf(figures);
  return [
    ...(figures.length === 0 ? [] : [{ head, rows: figures.map(cellsOf) }]),
    ...(lines.length === 0
      ? []
      : [
          {
            head: ['people: a line', 'seconds', 'furthest from it'],
            rows: lines.map(({ step, line: { a, bMillion, worstResidual } }) => [
              step,
              `${a.toFixed(2)} + ${bMillion.toFixed(2)} × million rows`,
              `${(worstResidual * 100).toFixed(0)} %`,
            ]),
          },
        ]),
    ...(interval === null ? [] : [intervalSheet(interval)]),
  ];
}

const head = [
  'rows',
  'step',
  'seconds',
  'rows/s',
  'floor, s',
  '× floor',
  '× original',
  'worker, MB above idle (peak)',
  'events (beside)',
  'Temporal, kB',
  'WAL, MB',
];

const cellsOf = (figure: Figure): string[] => [
  `${count(figure.rows)} ${figure.subject}`,
  figure.step,
  figure.seconds.toFixed(2),
  count(figure.rowsPerSecond),
  figure.floorSeconds.toFixed(2),
  figure.toFloor.toFixed(2),
  figure.toPublished === null ? '' : `1/${(1 / figure.toPublished).toFixed(0)}`,
  `${figure.aboveIdleMb.toFixed(0)} (${figure.peakMb.toFixed(0)})`,
  `${figure.events} (${figure.eventsBeside})`,
  figure.temporalKb.toFixed(0),
  figure.walMb.toFixed(1),
];

function intervalSheet(interval: IntervalFigures): Sheet {
  const { rows, statementsMs, triggerToEnded, commandToEnded, events, temporalBytes } = interval;
  return {
    head: [`an interval without a change, ${count(rows)} rows`, 'measured'],
    rows: [
      ['statements on source and store', `${statementsMs.toFixed(0)} ms`],
      ['from the trigger to Completed', `${triggerToEnded.toFixed(2)} s`],
      ['from the start of `inlet trigger`', `${commandToEnded.toFixed(2)} s`],
      ['events of the import', String(events)],
      ['bytes in Temporal', `${(temporalBytes / 1e3).toFixed(0)} kB`],
    ],
  };
}

const count = (number: number) => Math.round(number).toLocaleString('en-US');
