import type { FailureCount, ImportRecord } from '../store/records.js';
import { phaseDurations } from '../store/phases.js';
import { rowsPerSecond } from './import-report.js';
import { RawJson, type Json } from './json.js';

/** An import as `--json` gives it; docs/commands.md lists its keys, which only ever grow. */
export function importJson(record: ImportRecord): { readonly [key: string]: Json } {
  return {
    workspace: record.workspace,
    sync: record.sync,
    number: record.number,
    status: record.status,
    reason: record.reason,
    cause: record.cause,
    full: record.full,
    intervals: record.intervals,
    counts: record.counts === null ? null : { ...record.counts },
    addedByFailed: record.addedByFailed,
    relationships: record.relationships === null ? null : { ...record.relationships },
    membersAdded: record.membersAdded,
    membersRemoved: record.membersRemoved,
    lastSyncTime: record.lastSyncTime,
    startTime: record.startTime,
    startBound: record.startBound,
    rowsStaged: record.rowsStaged,
    rowsApplied: record.rowsApplied,
    chunks: record.chunks,
    chunksApplied: record.chunksApplied,
    dueAt: record.dueAt,
    openedAt: record.openedAt,
    stagedAt: record.stagedAt,
    plannedAt: record.plannedAt,
    appliedAt: record.appliedAt,
    endedAt: record.endedAt,
    acceptedAt: record.acceptedAt,
    warnings: record.warnings,
  };
}

/** What only `import` shows: the SQL, the definition, and what the database said, which may quote a cell. */
export function wholeImportJson(
  record: ImportRecord,
  failures: readonly FailureCount[],
): { readonly [key: string]: Json } {
  return {
    ...importJson(record),
    failures: failureCountsJson(failures),
    phaseMilliseconds: Object.fromEntries(phaseDurations(record)),
    rowsPerSecond: rowsPerSecond(record),
    databaseMessage: record.databaseMessage,
    sql: record.sql,
    relationshipsSql: record.relationshipsSql,
    definition: new RawJson(JSON.stringify(record.definition)),
  };
}

export function failureCountsJson(failures: readonly FailureCount[]): Json[] {
  return failures.map(({ query, reason, count }) => ({ query, reason, count }));
}
