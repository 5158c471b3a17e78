import { changeWarnings } from '../activities/change-warnings.js';
import { queriesOf, type SyncDefinition } from '../config/sync-definition.js';
import { fillLastSyncTime, usesLastSyncTime } from '../sources/last-sync-time.js';
import { quotedPlaceholders } from '../sources/quoted-placeholders.js';
import type { SyncRecord } from '../store/records.js';
import type { SyncStatus } from '../workflows/messages.js';
import * as schedule from '../workflows/schedule.js';
import type { Json } from './json.js';
import { scheduleText } from './schedule-text.js';
import { pairsText } from './table.js';
import { targetPairs } from './target-text.js';
import { momentText, secondsText } from './time-text.js';
import { visible, visibleLines } from './visible-text.js';

const runsShown = 5;

/** What a sync would do, as far as that is known. */
export interface Review {
  definition: SyncDefinition;
  /** What `apply` would do; `unknown` if neither the sync nor the store could be asked. */
  apply: 'start it' | 'change it' | 'change nothing' | 'unknown';
  changes: Change[];
  /** After an apply; null if nobody could be asked. */
  lastSyncTime: number | null;
  sql: string;
  /** Null for a sync without a relationship query. */
  relationshipsSql: string | null;
  /** Milliseconds; empty if they are not known. */
  runs: number[];
  /** What is to be known of `runs`: a few words, or nothing. */
  runsNote: string;
  warnings: string[];
}

interface Change {
  key: string;
  from: string;
  to: string;
}

interface Known {
  /** Null: it has no open workflow. */
  live: SyncStatus | null | 'unknown';
  /** Null: the store doesn't know it. */
  record: SyncRecord | null | 'unknown';
}

export function reviewOf(definition: SyncDefinition, known: Known, now: number): Review {
  const former = formerDefinition(known);
  const starts = former === null || known.live === null;
  const changes = former === null || former === 'unknown' ? [] : changesBetween(former, definition);
  const lastSyncTime = lastSyncTimeAfter(definition, known, former);
  return {
    definition,
    apply:
      former === 'unknown'
        ? 'unknown'
        : starts
          ? 'start it'
          : changes.length > 0
            ? 'change it'
            : 'change nothing',
    changes,
    lastSyncTime,
    sql: fillLastSyncTime(definition.query, lastSyncTime ?? 0),
    relationshipsSql:
      definition.relationships === undefined
        ? null
        : fillLastSyncTime(definition.relationships.query, lastSyncTime ?? 0),
    ...upcoming(definition, known, starts, now),
    warnings: [
      ...queriesOf(definition).flatMap(({ text }) => quotedPlaceholders(text)),
      ...(former === null || former === 'unknown' ? [] : changeWarnings(former, definition)),
    ],
  };
}

/** As applied; null if it is not. */
function formerDefinition({ live, record }: Known): SyncDefinition | null | 'unknown' {
  if (live !== null && live !== 'unknown') return live.definition;
  if (record === 'unknown') return live === null ? null : 'unknown';
  return record === null || record.deletedAt !== null ? null : record.definition;
}

function lastSyncTimeAfter(
  definition: SyncDefinition,
  { live, record }: Known,
  former: SyncDefinition | null | 'unknown',
): number | null {
  if (former !== null && former !== 'unknown' && former.database !== definition.database) return 0;
  if (live !== null && live !== 'unknown') return live.lastSyncTime;
  if (record === 'unknown') return null;
  return record === null || record.deletedAt !== null ? 0 : record.lastSyncTime;
}

function upcoming(
  definition: SyncDefinition,
  { live }: Known,
  starts: boolean,
  now: number,
): Pick<Review, 'runs' | 'runsNote'> {
  const earliest =
    definition.anchor === 'end' ? 'at the earliest: each counts from the end of the prior import' : '';
  if (starts) {
    const begun = schedule.beginSchedule(definition, now);
    return {
      runs: schedule.upcomingRuns(begun, definition, now, runsShown),
      runsNote: words('if it is applied now', earliest),
    };
  }
  if (live === null || live === 'unknown')
    return { runs: [], runsNote: 'not known: the sync could not be asked' };
  const changed = schedule.changeTiming(live.schedule, live.definition, definition, now);
  const past = live.paused ? schedule.letPass(changed, definition, now) : changed;
  const runs = schedule.upcomingRuns(past, definition, now, runsShown);
  if (live.paused) {
    const reason = visible(live.paused.reason);
    return { runs, runsNote: words(`none while it is paused (${reason}); if it is resumed now`, earliest) };
  }
  if (runs.length === 0)
    return { runs, runsNote: `every ${definition.every}, from the end of the import that runs` };
  return { runs, runsNote: earliest };
}

const words = (...parts: string[]) => parts.filter((part) => part !== '').join('; ');

/** What users write, as they wrote it; the interval in milliseconds follows from `every`. */
function changesBetween(former: SyncDefinition, definition: SyncDefinition): Change[] {
  const before = new Map(leavesOf(former));
  const after = new Map(leavesOf(definition));
  return [...new Set([...after.keys(), ...before.keys()])]
    .filter((key) => key !== 'everyMs' && before.get(key) !== after.get(key))
    .map((key) => ({ key, from: textOf(before.get(key)), to: textOf(after.get(key)) }));
}

/** Each value with its path: `segment.name`. */
function leavesOf(section: object): [key: string, value: unknown][] {
  return Object.entries(section).flatMap(([key, value]: [string, unknown]): [string, unknown][] =>
    typeof value === 'object' && value !== null
      ? leavesOf(value).map(([inner, leaf]) => [`${key}.${inner}`, leaf])
      : [[key, value]],
  );
}

function textOf(value: unknown): string {
  return value === undefined || value === ''
    ? 'not set'
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
}

export function reviewText(reviewed: Review, now: number): string {
  const { definition, apply, changes, lastSyncTime, sql, relationshipsSql, runs, runsNote } = reviewed;
  const { sync, name } = definition;
  const uses = queriesOf(definition).some(({ text }) => usesLastSyncTime(text));
  const time =
    lastSyncTime === null
      ? uses
        ? 'not known; the SQL below has 0'
        : 'not known'
      : `${secondsText(lastSyncTime)}${uses ? '' : ', which the query does not use'}`;
  const facts = pairsText([
    ['apply would', apply === 'unknown' ? 'not known: neither the sync nor the store could be asked' : apply],
    ['changes', changes.length === 0 ? null : changes.map(changeText).join('\n')],
    ...targetPairs(definition),
    ['schedule', scheduleText(definition)],
    [
      'next runs',
      [
        ...(runsNote === '' ? [] : [runsNote]),
        ...runs.map((at) => (at <= now ? 'at once' : momentText(at, now))),
      ].join('\n'),
    ],
    ['last_sync_time', time],
    ['SQL', visibleLines(sql.trimEnd())],
    ['relationships', relationshipsSql && visibleLines(relationshipsSql.trimEnd())],
  ]);
  return `${sync}${name === sync ? '' : `  ${visible(name)}`}\n${facts}`;
}

/** A query is long: that it changed is enough, for the new one is shown below. */
function changeText({ key, from, to }: Change): string {
  return /(^|\.)query$/.test(key) ? key : `${key}: ${visible(from)} → ${visible(to)}`;
}

export function reviewJson(reviewed: Review): Json {
  const { definition, apply, changes, lastSyncTime, sql, relationshipsSql, runs, runsNote, warnings } =
    reviewed;
  return {
    sync: definition.sync,
    apply,
    changes: changes.map(({ key, from, to }) => ({ key, from, to })),
    database: definition.database,
    mode: definition.mode,
    import: definition.import,
    identifyBy: definition.import === 'people' ? definition.identifyBy : null,
    objectType: definition.import === 'objects' ? definition.objectType : null,
    segment: definition.import === 'people' && definition.segment ? { ...definition.segment } : null,
    relationships: definition.relationships ? { ...definition.relationships } : null,
    schedule: scheduleText(definition),
    nextRuns: runs.map((at) => new Date(at)),
    nextRunsNote: runsNote,
    lastSyncTime,
    sql,
    relationshipsSql,
    warnings,
  };
}
