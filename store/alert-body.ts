import type { Change, Condition, JudgedImport } from './alert-rules.js';
import { heldBackBy, newestAcceptable, skippedIntervals } from './sync-health.js';

/** What an alert says of the sync that it is about. */
export interface AlertSubject {
  workspace: string;
  sync: string;
  /** The sync's readable name. */
  name: string;
  /** The alert's number among those of the sync. */
  number: number;
  /** The sync's imports, newest first. */
  imports: readonly JudgedImport[];
}

export interface AlertText {
  type: `sync.${Condition}` | 'sync.recovered';
  /** JSON text, as docs/alerts.md documents it: counts, names and our own sentences, never a row. */
  body: string;
}

/** Writes what is posted of a change of state. */
export function alertText(change: Change, subject: AlertSubject): AlertText {
  const { kind, condition, since, at, import: by } = change;
  const { workspace, sync, name, number } = subject;
  const type = kind === 'recovered' ? 'sync.recovered' : (`sync.${condition}` as const);
  const body = {
    type,
    version: 1,
    timestamp: at,
    data: {
      workspace,
      sync,
      name,
      alert: number,
      ...(kind === 'recovered' && { recoveredFrom: condition }),
      sentence: sentenceOf(change, subject),
      since,
      import: by.number,
      status: by.status,
      reason: by.reason,
      counts: by.counts,
      relationships: by.relationships,
      commands: commandsOf(change, subject),
    },
  };
  return { type, body: JSON.stringify(body) };
}

function sentenceOf({ kind, condition, since, import: by }: Change, { sync, imports }: AlertSubject): string {
  const theImport = `Import ${by.number} of "${sync}"`;
  if (kind === 'recovered') {
    if (by.acceptedAt !== null && by.status === 'Some Rows Failed' && condition !== 'failing')
      return `The failed rows of import ${by.number} of "${sync}" were accepted: ${recovered[condition]}.`;
    return `${theImport} is ${by.status}: ${recovered[condition]}.`;
  }
  switch (condition) {
    case 'failing':
      return `${theImport} is Failed: ${by.reason ?? 'the import log says why.'}`;
    case 'some_rows_failed':
      return `${failedRows(by)} of import ${by.number} of "${sync}" failed; its other rows were imported. last_sync_time stays where it is, so they are asked for again.`;
    case 'skipped_often': {
      const { skipped, intervals } = skippedIntervals(imports);
      return `${skipped} of the last ${intervals} intervals of "${sync}" were skipped. A longer interval, another startAt or whenBusy: wait would help.`;
    }
    case 'held_back':
      return `last_sync_time of "${sync}" is held back since import ${by.number} (${since.toISOString()}), which is ${by.status}${by.status === 'Completed' ? ' all the same' : ''}.`;
  }
}

const recovered: Record<Condition, string> = {
  failing: 'the sync does not fail any more',
  some_rows_failed: 'no failed rows are left behind',
  skipped_often: 'its intervals are not skipped often any more',
  held_back: 'last_sync_time is not held back any more',
};

function failedRows({ counts, relationships }: JudgedImport): string {
  const parts = [
    countOf(counts?.failed ?? 0, counts?.rows ?? 0, 'rows'),
    countOf(relationships?.failed ?? 0, relationships?.rows ?? 0, 'relationship rows'),
  ];
  return parts.filter((part) => part !== null).join(' and ');
}

const countOf = (failed: number, all: number, of: string): string | null =>
  failed === 0 ? null : `${failed.toLocaleString('en-US')} of ${all.toLocaleString('en-US')} ${of}`;

/** What to run next, most useful first. */
function commandsOf({ kind, condition, import: by }: Change, { sync, imports }: AlertSubject): string[] {
  const look = `inlet import ${sync} ${by.number}`;
  if (kind === 'recovered') return [look];
  const hasFailures = (by.counts?.failed ?? 0) + (by.relationships?.failed ?? 0) > 0;
  const failures = `inlet failures ${sync} ${by.number}`;
  switch (condition) {
    case 'failing':
      return [look, ...(hasFailures ? [failures] : []), `inlet trigger ${sync}`];
    case 'some_rows_failed':
      return [failures, `inlet accept ${sync} ${by.number}`];
    case 'skipped_often':
      return [`inlet imports ${sync}`, `inlet status ${sync}`];
    case 'held_back': {
      const acceptable = newestAcceptable(heldBackBy(imports));
      const accept = acceptable === undefined ? [] : [`inlet accept ${sync} ${acceptable.number}`];
      return [`inlet status ${sync}`, hasFailures ? failures : look, ...accept];
    }
  }
}
