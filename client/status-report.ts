import type { ImportRecord, SyncRecord } from '../store/records.js';
import type { SyncStatus } from '../workflows/messages.js';
import { importJson } from './import-json.js';
import { importLine } from './import-report.js';
import { RawJson, type Json } from './json.js';
import type { Output } from './output.js';
import { scheduleText } from './schedule-text.js';
import { statusWarnings } from './status-warnings.js';
import { pairsText } from './table.js';
import { momentText, secondsText } from './time-text.js';
import { visible } from './visible-text.js';

/** What is known of a sync: from the worker, if one answered, and from the log, if the store did. */
export interface SyncReport {
  sync: string;
  inFile: boolean;
  status: SyncStatus | undefined;
  record: SyncRecord | undefined;
  /** Newest first; undefined if the log could not be read. */
  imports: readonly ImportRecord[] | undefined;
}

/** What the sync does at this moment, and what comes next. */
export function activityText(status: SyncStatus, now: number): string {
  const current = status.currentImport === undefined ? 'an import' : `import ${status.currentImport}`;
  const doing = {
    waiting: 'waiting for its next run',
    queued: `${current} ${status.whenBusy === 'skip' ? 'asks for the workspace' : 'waits for its turn in the workspace'}`,
    importing: `${current} runs`,
    paused: 'paused',
  }[status.activity];
  const next = status.nextRunAt === undefined ? '' : `; next run ${momentText(status.nextRunAt, now)}`;
  return doing + next;
}

export function reportText(out: Output, report: SyncReport, now: number): string {
  const { sync, status, record, imports } = report;
  const definition = status?.definition ?? record?.definition;
  const latest = imports?.[0];
  const facts = pairsText([
    ['description', definition && definition.description !== '' ? visible(definition.description) : null],
    ['now', nowText(report, now)],
    [
      'paused',
      status?.paused && `since ${momentText(status.paused.since, now)}: ${visible(status.paused.reason)}`,
    ],
    ['schedule', definition && scheduleText(definition)],
    ['next run', status?.nextRunAt === undefined ? null : momentText(status.nextRunAt, now)],
    ['last_sync_time', lastSyncTime(report) === undefined ? null : secondsText(lastSyncTime(report) ?? 0)],
    ['last import', imports && (latest === undefined ? 'none yet' : importLine(out, latest))],
  ]);
  const title =
    definition === undefined || definition.name === sync ? sync : `${sync}  ${visible(definition.name)}`;
  return `${title}\n${facts}`;
}

function nowText({ status, record }: SyncReport, now: number): string | null {
  if (status !== undefined) return activityText({ ...status, nextRunAt: undefined }, now);
  const deletedAt = record?.deletedAt ?? null;
  return deletedAt === null ? null : `deleted ${momentText(deletedAt, now)}`;
}

/** The sync itself knows best; the store has what it had when an import last ended. */
function lastSyncTime({ status, record }: SyncReport): number | undefined {
  return status?.lastSyncTime ?? record?.lastSyncTime;
}

export function reportWarnings({ sync, inFile, status, record, imports }: SyncReport): string[] {
  const deleted = status === undefined && record !== undefined && record.deletedAt !== null;
  if (deleted) return [];
  const gone = !inFile && (status !== undefined || record !== undefined);
  return [
    ...(gone ? [`"${sync}" is not in the file any more, but goes on. "inlet delete ${sync}" ends it.`] : []),
    ...statusWarnings(sync, imports ?? []),
  ];
}

export function reportJson(report: SyncReport): Json {
  const { sync, inFile, status, record, imports } = report;
  const definition = status?.definition ?? record?.definition;
  const latest = imports?.[0];
  return {
    sync,
    inFile,
    answered: status !== undefined,
    activity: status?.activity ?? null,
    paused:
      status?.paused === undefined
        ? null
        : { reason: status.paused.reason, since: new Date(status.paused.since) },
    currentImport: status?.currentImport ?? null,
    nextRunAt: status?.nextRunAt === undefined ? null : new Date(status.nextRunAt),
    lastSyncTime: lastSyncTime(report) ?? null,
    schedule: definition === undefined ? null : scheduleText(definition),
    deletedAt: record?.deletedAt ?? null,
    warnings: reportWarnings(report),
    latest: latest === undefined ? null : importJson(latest),
    definition: definition === undefined ? null : new RawJson(JSON.stringify(definition)),
  };
}
