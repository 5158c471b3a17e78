import {
  outcomeNames,
  relationshipOutcomeNames,
  type FailureCount,
  type ImportRecord,
} from '../store/records.js';
import { phaseDurations } from '../store/phases.js';
import type { Output } from './output.js';
import { startBoundText } from './start-bound.js';
import { pairsText, tableText } from './table.js';
import { targetPairs } from './target-text.js';
import { countText, durationText, secondsText, timeText } from './time-text.js';
import { visible, visibleLines } from './visible-text.js';

/** How an import ended: a heading, rows by outcome, and failed rows by reason. */
export function outcomeText(out: Output, record: ImportRecord, failures: readonly FailureCount[]): string {
  const took = duration(record.openedAt, record.endedAt);
  const heading = [
    `${record.sync} #${record.number}`,
    out.status(record.status),
    ...(took === null ? [] : [took]),
  ];
  const parts = [heading.join('  ')];
  if (record.reason !== null) parts.push(`  ${visible(record.reason)}`);
  const { counts, relationships } = record;
  if (counts !== null) parts.push(indented(countsTable('OUTCOME', countPairs(counts, outcomeNames))));
  if (record.addedByFailed > 0) {
    parts.push(`  People added by rows that count as failed: ${countText(record.addedByFailed)}`);
  }
  if (relationships !== null)
    parts.push(
      `\n${indented(countsTable('RELATIONSHIPS', countPairs(relationships, relationshipOutcomeNames)))}`,
    );
  const members = membersText(record);
  if (members !== null) parts.push(`  ${members}`);
  if (failures.length > 0) parts.push(indented(failuresTable(failures)));
  return parts.join('\n');
}

/** Each outcome with its rows, and the sum of all. */
function countPairs<Outcome extends string>(
  counts: Record<Outcome | 'rows', number>,
  names: readonly Outcome[],
): [string, number][] {
  return [...names.map((name): [string, number] => [name, counts[name]]), ['all', counts.rows]];
}

function countsTable(head: string, counts: readonly [string, number][]): string {
  return tableText(
    [{ head }, { head: 'ROWS', align: 'right' }],
    counts.map(([name, count]) => [name, countText(count)]),
  );
}

/** Who joined the segment, and who left it; null for a sync without one. */
function membersText({ definition, membersAdded, membersRemoved }: ImportRecord): string | null {
  if (definition.import !== 'people' || definition.segment === undefined) return null;
  const { name, mirror } = definition.segment;
  const left = mirror ? `, ${countText(membersRemoved)} left` : '';
  return `Segment "${visible(name)}": ${countText(membersAdded)} joined${left}`;
}

export function failuresTable(failures: readonly FailureCount[]): string {
  return tableText(
    [{ head: 'FAILED BECAUSE' }, { head: 'QUERY' }, { head: 'ROWS', align: 'right' }],
    failures.map(({ reason, query, count }) => [reason, query, countText(count)]),
  );
}

/** Everything that the log knows of one import. */
export function importText(out: Output, record: ImportRecord, failures: readonly FailureCount[]): string {
  const facts = pairsText([
    ['cause', causeText(record)],
    ['due', timeText(record.dueAt)],
    ['opened', record.openedAt && timeText(record.openedAt)],
    ['ended', record.endedAt && timeText(record.endedAt)],
    ['phases', phasesText(record)],
    ['speed', speedText(record)],
    ['progress', record.status === 'Running' ? progressText(record) : null],
    ...targetPairs(record.definition),
    ['last_sync_time', secondsText(record.lastSyncTime)],
    ['start time', startTimeText(record)],
    ['database said', record.databaseMessage && visibleLines(record.databaseMessage)],
    ['warnings', record.warnings.length === 0 ? null : visibleLines(record.warnings.join('\n'))],
    ['SQL', record.sql && visibleLines(record.sql.trimEnd())],
    ['relationships', record.relationshipsSql && visibleLines(record.relationshipsSql.trimEnd())],
  ]);
  return `${outcomeText(out, record, failures)}\n\n${facts}`;
}

function causeText({ cause, full, intervals }: ImportRecord): string {
  const what = cause === 'trigger' ? `trigger${full ? ' --full' : ''}` : 'schedule';
  return intervals > 1 ? `${what} (stands for ${countText(intervals)} intervals)` : what;
}

/** How long each phase took; null before the first has ended. */
function phasesText(record: ImportRecord): string | null {
  const phases = phaseDurations(record).map(
    ([name, milliseconds]) => `${name} ${durationText(milliseconds)}`,
  );
  return phases.length === 0 ? null : phases.join(', ');
}

/** Rows a second over the whole import; null for one that has not ended or had no row. */
export function rowsPerSecond(record: ImportRecord): number | null {
  const rows = (record.counts?.rows ?? 0) + (record.relationships?.rows ?? 0);
  if (rows === 0) return null;
  if (record.openedAt === null || record.endedAt === null) return null;
  const milliseconds = Math.max(1, record.endedAt.getTime() - record.openedAt.getTime());
  return Math.round((rows * 1000) / milliseconds);
}

function speedText(record: ImportRecord): string | null {
  const speed = rowsPerSecond(record);
  return speed === null ? null : `${countText(speed)} rows/s`;
}

/** Where a running import is, such as `applying, 4,000 of 10,000 rows`. */
export function progressText(record: ImportRecord): string {
  const staged = countText(record.rowsStaged);
  if (record.stagedAt === null) return `reading, ${staged} rows so far`;
  if (record.plannedAt === null) return `planning ${staged} rows`;
  if (record.appliedAt === null) return `applying, ${countText(record.rowsApplied)} of ${staged} rows`;
  return 'closing';
}

function startTimeText({ startTime, startBound }: ImportRecord): string | null {
  const bound = startBound === null ? '' : `, bound by ${startBoundText(startBound)}`;
  if (startTime === null) return startBound === null ? null : `does not advance${bound}`;
  return `${secondsText(startTime)}${bound}`;
}

function duration(from: Date | null, to: Date | null): string | null {
  return from === null || to === null ? null : durationText(to.getTime() - from.getTime());
}

const indented = (text: string) => text.replace(/^/gm, '  ');

/** One line for each import, newest first. */
export function importsTable(out: Output, records: readonly ImportRecord[]): string {
  const right = (head: string) => ({ head, align: 'right' as const });
  const related = records.some(({ relationships }) => relationships !== null);
  return tableText(
    [
      ...[right('#'), { head: 'STATUS' }, { head: 'STARTED' }, right('TOOK'), right('ROWS')],
      ...outcomeNames.map((outcome) => right(outcome.toUpperCase())),
      ...(related ? [{ head: 'RELATIONSHIPS' }] : []),
      { head: 'REASON' },
    ],
    records.map((record) => [
      String(record.number),
      out.status(record.status),
      timeText(record.openedAt ?? record.dueAt),
      duration(record.openedAt, record.endedAt) ?? '',
      record.counts === null ? '' : countText(record.counts.rows),
      ...outcomeNames.map((outcome) => (record.counts === null ? '' : countText(record.counts[outcome]))),
      ...(related ? [relationshipsLine(record) ?? ''] : []),
      visible(record.status === 'Running' ? progressText(record) : (record.reason ?? '')),
    ]),
  );
}

/** One import in one line, for `list` and `status`. */
export function importLine(out: Output, record: ImportRecord): string {
  const { counts } = record;
  const parts = [`#${record.number} ${out.status(record.status)}`, timeText(record.openedAt ?? record.dueAt)];
  if (record.status === 'Running') parts.push(progressText(record));
  if (counts !== null) parts.push(countsLine(counts.rows, countPairs(counts, outcomeNames)));
  const related = relationshipsLine(record);
  if (related !== null) parts.push(`relationships: ${related}`);
  if (record.reason !== null) parts.push(visible(record.reason));
  return parts.join(', ');
}

function relationshipsLine({ relationships }: ImportRecord): string | null {
  return relationships === null
    ? null
    : countsLine(relationships.rows, countPairs(relationships, relationshipOutcomeNames));
}

/** Such as `10 rows: 8 related, 2 failed`. */
function countsLine(rows: number, counts: readonly [string, number][]): string {
  const told = counts
    .filter(([name, count]) => name !== 'all' && count > 0)
    .map(([name, count]) => `${countText(count)} ${name}`);
  return `${countText(rows)} rows${told.length === 0 ? '' : `: ${told.join(', ')}`}`;
}
