import { Counter, Histogram, type Registry } from 'prom-client';
import type { ImportEvents } from '../../activities/import-events.js';
import type { AppliedChunk } from '../../store/ledger.js';
import { phaseDurations } from '../../store/phases.js';
import {
  failureReasons,
  outcomeNames,
  relationshipOutcomeNames,
  type ImportStatus,
} from '../../store/records.js';

/** From a second to a day: what phases take, and by how much imports are late. */
const SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];

const endStatuses = [
  'Completed',
  'Some Rows Failed',
  'Failed',
  'Skipped',
  'Canceled',
] as const satisfies Exclude<ImportStatus, 'Running'>[];

/** A sync of which something may be counted. */
export interface KnownSync {
  workspace: string;
  sync: string;
  hasRelationships: boolean;
}

export interface ImportMetrics extends ImportEvents {
  /** Lets a sync's counters begin at 0, so that the first import is seen as a rise. Repeated, it does nothing. */
  know(sync: KnownSync): void;
}

/** Counts what becomes of imports (docs/monitoring.md lists the metrics). */
export function createImportMetrics(registry: Registry): ImportMetrics {
  const registers = [registry];
  const ofSync = ['workspace', 'sync'] as const;
  const rows = new Counter({
    name: 'inlet_rows_total',
    help: 'Rows of main queries that were applied, by outcome.',
    labelNames: [...ofSync, 'outcome'],
    registers,
  });
  const relationshipRows = new Counter({
    name: 'inlet_relationship_rows_total',
    help: 'Rows of relationship queries that were applied, by outcome.',
    labelNames: [...ofSync, 'outcome'],
    registers,
  });
  const failures = new Counter({
    name: 'inlet_failures_total',
    help: 'Rows that failed, of main and relationship queries, by reason code.',
    labelNames: [...ofSync, 'reason'],
    registers,
  });
  const chunks = new Counter({
    name: 'inlet_chunks_total',
    help: 'Chunks of rows that were applied.',
    labelNames: ofSync,
    registers,
  });
  const stagedRows = new Counter({
    name: 'inlet_staged_rows_total',
    help: 'Rows that were copied from sources, of main and relationship queries.',
    labelNames: ofSync,
    registers,
  });
  const stagedBytes = new Counter({
    name: 'inlet_staged_bytes_total',
    help: 'Bytes of COPY text that were copied from sources.',
    labelNames: ofSync,
    registers,
  });
  const imports = new Counter({
    name: 'inlet_imports_total',
    help: 'Imports that have ended, by status; of intervals that passed during an outage, one for all of them.',
    labelNames: [...ofSync, 'status'],
    registers,
  });
  const phases = new Histogram({
    name: 'inlet_import_phase_seconds',
    help: 'How long the phases of imports took: wait (for the workspace), stage, plan, apply, close.',
    labelNames: [...ofSync, 'phase'],
    buckets: SECONDS,
    registers,
  });
  const lag = new Histogram({
    name: 'inlet_schedule_lag_seconds',
    help: 'From the moment a scheduled import was due until it was granted the workspace.',
    labelNames: ofSync,
    buckets: SECONDS,
    registers,
  });
  const attempts = new Counter({
    name: 'inlet_attempt_failures_total',
    help: 'Attempts of activities that failed, by the type of their failure; most are tried again.',
    labelNames: ['workspace', 'activity', 'type'],
    registers,
  });
  const known = new Set<string>();

  function know({ workspace, sync, hasRelationships }: KnownSync): void {
    const key = JSON.stringify([workspace, sync, hasRelationships]);
    if (known.has(key)) return;
    known.add(key);
    const labels = { workspace, sync };
    for (const outcome of outcomeNames) rows.inc({ ...labels, outcome }, 0);
    for (const status of endStatuses) imports.inc({ ...labels, status }, 0);
    for (const reason of failureReasons) failures.inc({ ...labels, reason }, 0);
    for (const counter of [chunks, stagedRows, stagedBytes]) counter.inc(labels, 0);
    lag.zero(labels);
    if (hasRelationships)
      for (const outcome of relationshipOutcomeNames) relationshipRows.inc({ ...labels, outcome }, 0);
  }

  function countRows(labels: { workspace: string; sync: string }, { query, counts }: AppliedChunk): void {
    if (query === 'main')
      for (const outcome of outcomeNames) rows.inc({ ...labels, outcome }, counts[outcome]);
    else
      for (const outcome of relationshipOutcomeNames)
        relationshipRows.inc({ ...labels, outcome }, counts[outcome]);
    for (const [reason, count] of Object.entries(counts.reasons)) failures.inc({ ...labels, reason }, count);
  }

  return {
    know,
    opened({ workspace, sync }, { cause, waitedSeconds }) {
      if (cause === 'schedule') lag.observe({ workspace, sync }, waitedSeconds);
    },
    staged({ workspace, sync }, staged) {
      stagedRows.inc({ workspace, sync }, staged.rows + (staged.relationships ?? 0));
      stagedBytes.inc({ workspace, sync }, staged.bytes);
    },
    planned: () => undefined,
    chunkApplied({ workspace, sync }, applied) {
      chunks.inc({ workspace, sync });
      countRows({ workspace, sync }, applied);
    },
    laneEnded: () => undefined,
    ended(ended) {
      const { workspace, sync, status } = ended;
      imports.inc({ workspace, sync, status });
      // What never had the workspace has no phases.
      if (ended.openedAt === null) return;
      for (const [phase, milliseconds] of phaseDurations(ended))
        phases.observe({ workspace, sync, phase }, milliseconds / 1000);
    },
    attemptFailed: (failed) => attempts.inc({ ...failed }),
  };
}
