import type { Figures } from './figures.js';
import type { Delays } from './imports.js';
import type { Spread } from '../support/spread.js';
import { terminalTable } from '../support/tables.js';

/** The figures as tables for a terminal, or for a page where they are quoted. */
export function reportText(figures: Figures): string {
  const { imports, burst } = figures;
  return [
    terminalTable(['seconds', 'p50', 'p99', 'most'], delayRows(imports.delays)),
    terminalTable(['burst, seconds', 'p50', 'p99', 'most'], delayRows(burst.delays)),
    terminalTable(['what', 'measured'], whatRows(figures)),
  ].join('\n\n');
}

function delayRows({ started, granted, opened, staged, duration }: Delays): string[][] {
  return [
    row('due → workflow started', started),
    row('started → granted the workspace', granted),
    row('granted → first row in the log', opened),
    row("→ query's result copied", staged),
    row('granted → ended', duration),
  ];
}

const row = (name: string, { p50, p99, max }: Spread) => [
  name,
  ...[p50, p99, max].map((one) => one.toFixed(2)),
];

function whatRows(figures: Figures): string[][] {
  const { worker, apply, imports, memory, cpu, eventLoop, connections, workflowCache, temporalDatabase } =
    figures;
  return [
    ...Object.entries(imports.byStatus).map(([status, count]) => [`imports ${status}`, String(count)]),
    ['imports Completed a minute', imports.completedPerMinute.toFixed(1)],
    ['rows read', String(imports.rows)],
    ['worker: from start to ready', `${worker.readySeconds.toFixed(1)} s`],
    ['apply of one file, p50, p99', `${apply.seconds.p50.toFixed(1)} s, ${apply.seconds.p99.toFixed(1)} s`],
    ['applies that had to be repeated', String(apply.refusals.length)],
    [
      'worker: memory (RSS) first, p50, most, last',
      [memory.firstMb, memory.p50Mb, memory.maxMb, memory.lastMb].map((mb) => mb.toFixed(0)).join(', ') +
        ' MB',
    ],
    ['worker: memory grows, second half', `${memory.mbPerMinuteAtEnd.toFixed(1)} MB a minute`],
    ['worker: processors busy', cpu.worker.toFixed(2)],
    ['Temporal: processors busy', cpu.temporal.toFixed(2)],
    ['PostgreSQL: processors busy', cpu.postgres.toFixed(2)],
    [
      'worker: event loop late by, p99 and most',
      `${eventLoop.p99Ms.toFixed(0)} ms, ${eventLoop.maxMs.toFixed(0)} ms`,
    ],
    ['worker: workflows in its cache, evictions', `${workflowCache.most}, ${workflowCache.evictions}`],
    ['Temporal: connections of the worker', String(connections.temporal)],
    ['Temporal: open polls', pairs(connections.openPolls)],
    ['connections, most at once', pairs(connections.databases)],
    ['callers that waited for the store', String(connections.waitedForStore)],
    ['Temporal: memory', `${memory.temporalMb.toFixed(0)} MB`],
    [
      'Temporal: database',
      `${temporalDatabase.firstMb.toFixed(0)} → ${temporalDatabase.lastMb.toFixed(0)} MB, ${temporalDatabase.kbPerImport.toFixed(0)} kB an import`,
    ],
    ['events: history of an import, p50, most', `${imports.events.p50}, ${imports.events.max}`],
    [
      'burst: imports, until all had ended',
      `${figures.burst.imports}, ${figures.burst.seconds.toFixed(1)} s`,
    ],
    ['rows that were changed in the source', String(figures.compared.changed)],
    ['rows compared, source and store', String(figures.compared.rows)],
  ];
}

const pairs = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join('\n');
