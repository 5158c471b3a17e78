import type { ImportRecord } from '../store/records.js';
import {
  heldBackBy,
  newestAcceptable,
  SKIPPED_OFTEN,
  skippedIntervals,
  standingStillSince,
  startedAt,
} from '../store/sync-health.js';
import { startBoundText } from './start-bound.js';
import { timeText } from './time-text.js';

/**
 * What the last imports of a sync say about its health, a sentence each (docs/commands.md).
 *
 * @param imports newest first; those that `last_sync_time` is held back by should be among them
 */
export function statusWarnings(sync: string, imports: readonly ImportRecord[]): string[] {
  return [...skippedOften(imports), ...heldBack(sync, imports), ...standingStill(sync, imports)];
}

function skippedOften(imports: readonly ImportRecord[]): string[] {
  const { skipped, intervals } = skippedIntervals(imports);
  if (skipped < SKIPPED_OFTEN) return [];
  return [
    `${skipped} of the last ${intervals} intervals were skipped. A longer interval, another startAt or whenBusy: wait would help.`,
  ];
}

function heldBack(sync: string, imports: readonly ImportRecord[]): string[] {
  const since = heldBackBy(imports);
  const first = since.at(-1);
  if (first === undefined) return [];
  const where =
    first.status === 'Failed'
      ? `inlet import ${sync} ${first.number}`
      : `inlet failures ${sync} ${first.number}`;
  const newest = newestAcceptable(since);
  const rows =
    newest === first ? 'its failed rows' : `the failed rows of imports up to ${newest?.number ?? ''}`;
  const accept =
    newest === undefined
      ? ''
      : ` If ${rows} may stay as they are, "inlet accept ${sync} ${newest.number}" moves it past them.`;
  return [
    `last_sync_time is held back since import ${first.number} (${timeText(startedAt(first))}), which is ${first.status}: "${where}" says why.${accept}`,
  ];
}

function standingStill(sync: string, imports: readonly ImportRecord[]): string[] {
  const first = standingStillSince(imports);
  if (first === undefined) return [];
  const bound = first.startBound === null ? '' : ` by ${startBoundText(first.startBound)}`;
  return [
    `last_sync_time is held back${bound} since import ${first.number} (${timeText(startedAt(first))}), which is Completed all the same: "inlet import ${sync} ${first.number}" says more.`,
  ];
}
