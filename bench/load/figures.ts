import type { AppliedFile } from './apply-all.js';
import type { Burst } from './burst.js';
import { delaysOf, eventsOf, skippedAs, type Delays, type LoggedImport } from './imports.js';
import type { Sample } from './samples.js';
import { slopeOf, spreadOf, type Spread } from '../support/spread.js';
import type { readExecutions } from './imports.js';

type Executions = Awaited<ReturnType<typeof readExecutions>>;

/** All that one run has shown. Seconds, MB and counts; NaN, in JSON null, of what there was none of. */
export interface Figures {
  worker: { readySeconds: number };
  apply: { files: number; seconds: Spread; refusals: string[] };
  imports: {
    minutes: number;
    /** By status; `Skipped` by why. */
    byStatus: Record<string, number>;
    completedPerMinute: number;
    rows: number;
    delays: Delays;
    /** Events of the history of an import that was Completed. */
    events: Spread;
  };
  memory: {
    firstMb: number;
    p50Mb: number;
    maxMb: number;
    lastMb: number;
    mbPerMinuteAtEnd: number;
    temporalMb: number;
  };
  /** Processors that were busy, on average. */
  cpu: { worker: number; temporal: number; postgres: number };
  eventLoop: { p99Ms: number; maxMs: number };
  connections: {
    temporal: number;
    openPolls: Record<string, number>;
    databases: Record<string, number>;
    waitedForStore: number;
  };
  workflowCache: { most: number; evictions: number };
  temporalDatabase: { firstMb: number; lastMb: number; kbPerImport: number };
  burst: { imports: number; seconds: number; delays: Delays };
  compared: { rows: number; changed: number };
}

/** The part of it that is about imports in a window of time, by when they were due. */
export function importFigures(
  imports: readonly LoggedImport[],
  executions: Executions,
  minutes: number,
): Figures['imports'] {
  const byStatus: Record<string, number> = {};
  for (const one of imports) {
    const why = skippedAs(one);
    const name = why === null ? one.status : `Skipped: ${why}`;
    byStatus[name] = (byStatus[name] ?? 0) + 1;
  }
  const completed = imports.filter(({ status }) => status === 'Completed');
  return {
    minutes,
    byStatus,
    completedPerMinute: completed.length / minutes,
    rows: completed.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    delays: delaysOf(completed, executions),
    events: eventsOf(completed, executions),
  };
}

export const applyFigures = (applied: readonly AppliedFile[]): Figures['apply'] => ({
  files: applied.length,
  seconds: spreadOf(applied.map(({ seconds }) => seconds)),
  refusals: applied.flatMap(({ refusals }) => refusals),
});

export const burstFigures = ({ imports, seconds }: Burst, executions: Executions): Figures['burst'] => ({
  imports: imports.length,
  seconds,
  delays: delaysOf(imports, executions),
});

type OfProcesses = Pick<
  Figures,
  'memory' | 'cpu' | 'eventLoop' | 'connections' | 'workflowCache' | 'temporalDatabase'
>;

/** @param samples of the window, of which there are two at least */
export function processFigures(samples: readonly Sample[], imports: number): OfProcesses {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error('Nothing was sampled.');
  const seconds = last.at - first.at;
  const of = (name: string) => samples.flatMap(({ metrics }) => metrics.get(name) ?? []);
  const most = (name: string) => Math.max(0, ...of(name));
  const grown = (name: string) => (of(name).at(-1) ?? 0) - (of(name)[0] ?? 0);
  const lastHalf = samples.slice(Math.floor(samples.length / 2));
  return {
    memory: {
      firstMb: first.workerMb,
      p50Mb: spreadOf(samples.map(({ workerMb }) => workerMb)).p50,
      maxMb: Math.max(...samples.map(({ workerMb }) => workerMb)),
      lastMb: last.workerMb,
      mbPerMinuteAtEnd: slopeOf(lastHalf.map(({ at, workerMb }) => [at / 60, workerMb])),
      temporalMb: Math.max(...samples.map(({ temporalMb }) => temporalMb)),
    },
    cpu: {
      worker: (last.cpu.worker - first.cpu.worker) / seconds,
      temporal: (last.cpu.temporal - first.cpu.temporal) / seconds,
      postgres: (last.cpu.postgres - first.cpu.postgres) / seconds,
    },
    eventLoop: {
      p99Ms: spreadOf(of('nodejs_eventloop_lag_p99_seconds')).p50 * 1000,
      maxMs: most('nodejs_eventloop_lag_max_seconds') * 1000,
    },
    connections: {
      temporal: Math.max(...samples.map(({ temporalConnections }) => temporalConnections)),
      openPolls: mostOfEach(samples.map(({ metrics }) => pollsIn(metrics))),
      databases: mostOfEach(samples.map(({ connections }) => connections)),
      waitedForStore: most('inlet_store_connections waiting'),
    },
    workflowCache: {
      most: most('temporal_sticky_cache_size'),
      evictions: grown('temporal_sticky_cache_total_forced_eviction_total'),
    },
    temporalDatabase: {
      firstMb: first.temporalDatabaseMb,
      lastMb: last.temporalDatabaseMb,
      kbPerImport: ((last.temporalDatabaseMb - first.temporalDatabaseMb) * 1000) / imports,
    },
  };
}

function pollsIn(metrics: ReadonlyMap<string, number>): Record<string, number> {
  const name = 'temporal_num_pollers ';
  return Object.fromEntries(
    [...metrics]
      .filter(([key]) => key.startsWith(name))
      .map(([key, value]) => [key.slice(name.length), value]),
  );
}

function mostOfEach(each: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const one of each)
    for (const [name, value] of Object.entries(one)) most[name] = Math.max(most[name] ?? 0, value);
  return most;
}
