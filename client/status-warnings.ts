import type { ImportRecord } from '../store/records.js';
import { startBoundText } from './start-bound.js';
import { timeText } from './time-text.js';

const LONG_AGO_MS = 15 * 60_000;

/**
 * What the last imports of a sync say about its health, a sentence each (docs/commands.md).
 *
 * @param imports newest first; those that `last_sync_time` is held back by should be among them
 */
export function statusWarnings(sync: string, imports: readonly ImportRecord[]): string[] {
  return [...skippedOften(imports), ...heldBack(sync, imports), ...standingStill(sync, imports)];
}

function skippedOften(imports: readonly ImportRecord[]): string[] {
  let intervals = 0;
  let skipped = 0;
  for (const each of imports) {
    if (intervals >= 10) break;
    if (each.status === 'Running') continue;
    const counted = Math.min(each.intervals, 10 - intervals);
    intervals += counted;
    if (each.status === 'Skipped') skipped += counted;
  }
  if (skipped < 3) return [];
  return [
    `${skipped} of the last ${intervals} intervals were skipped. A longer interval, another startAt or whenBusy: wait would help.`,
  ];
}

/**
 * Only a Completed import moves `last_sync_time`, or one whose failures were accepted; until then the same rows are asked
 * for again.
 */
function heldBack(sync: string, imports: readonly ImportRecord[]): string[] {
  const past = imports.findIndex((each) => each.status === 'Completed' || each.acceptedAt !== null);
  const since = (past === -1 ? imports : imports.slice(0, past)).filter(
    (each) => each.status === 'Some Rows Failed' || each.status === 'Failed',
  );
  const first = since.at(-1);
  if (first === undefined) return [];
  const time = first.openedAt ?? first.dueAt;
  const where =
    first.status === 'Failed'
      ? `inlet import ${sync} ${first.number}`
      : `inlet failures ${sync} ${first.number}`;
  // The newest that can be accepted takes those before it along.
  const newest = since.find((each) => each.status === 'Some Rows Failed' && each.startTime !== null);
  const rows =
    newest === first ? 'its failed rows' : `the failed rows of imports up to ${newest?.number ?? ''}`;
  const accept =
    newest === undefined
      ? ''
      : ` If ${rows} may stay as they are, "inlet accept ${sync} ${newest.number}" moves it past them.`;
  return [
    `last_sync_time is held back since import ${first.number} (${timeText(time)}), which is ${first.status}: "${where}" says why.${accept}`,
  ];
}

/** A Completed import may leave it where it is as well, or far back: a row that is older may still be committed. */
function standingStill(sync: string, imports: readonly ImportRecord[]): string[] {
  const completed = imports.filter(({ status }) => status === 'Completed');
  const moved = completed.findIndex((each) => !standsStill(each));
  const first = completed.slice(0, moved === -1 ? undefined : moved).at(-1);
  if (first === undefined) return [];
  const bound = first.startBound === null ? '' : ` by ${startBoundText(first.startBound)}`;
  return [
    `last_sync_time is held back${bound} since import ${first.number} (${timeText(first.openedAt ?? first.dueAt)}), which is Completed all the same: "inlet import ${sync} ${first.number}" says more.`,
  ];
}

/** An open transaction holds it back a little at every import; only one that stays open is worth a word. */
function standsStill({ startTime, startBound, definition, openedAt, dueAt }: ImportRecord): boolean {
  if (startTime === null) return true;
  const start = (startTime + definition.overlapSeconds) * 1000;
  return startBound === 'open transaction' && (openedAt ?? dueAt).getTime() - start >= LONG_AGO_MS;
}
