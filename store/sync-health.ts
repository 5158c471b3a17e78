import type { SyncDefinition } from '../config/sync-definition.js';
import type { ImportRecord } from './records.js';

/*
 * What the imports of a sync say about its health. Warnings of `inlet status` and alerts go by the same rules
 * (docs/commands.md, docs/alerts.md). Imports are given newest first.
 */

export type LoggedImport = Pick<
  ImportRecord,
  'number' | 'status' | 'intervals' | 'acceptedAt' | 'startTime' | 'startBound' | 'openedAt' | 'dueAt'
> & { definition: Pick<SyncDefinition, 'overlapSeconds'> };

const LOOKED_AT = 10;
/** So many skipped intervals of the last ten are many. */
export const SKIPPED_OFTEN = 3;
const LONG_AGO_MS = 15 * 60_000;

/** How many of the last ten intervals were skipped; fewer than ten if there were not as many. */
export function skippedIntervals(imports: readonly Pick<LoggedImport, 'status' | 'intervals'>[]): {
  skipped: number;
  intervals: number;
} {
  let intervals = 0;
  let skipped = 0;
  for (const each of imports) {
    if (intervals >= LOOKED_AT) break;
    if (each.status === 'Running') continue;
    const counted = Math.min(each.intervals, LOOKED_AT - intervals);
    intervals += counted;
    if (each.status === 'Skipped') skipped += counted;
  }
  return { skipped, intervals };
}

/**
 * The imports that hold `last_sync_time` back by rows that were not imported: those since the last that was Completed,
 * or whose failures were accepted. Newest first; none if nothing holds it back so.
 */
export function heldBackBy<Logged extends LoggedImport>(imports: readonly Logged[]): Logged[] {
  const past = imports.findIndex((each) => each.status === 'Completed' || each.acceptedAt !== null);
  return (past === -1 ? imports : imports.slice(0, past)).filter(
    (each) => each.status === 'Some Rows Failed' || each.status === 'Failed',
  );
}

/** Of what holds it back, the newest that can be accepted; it takes those before it along. */
export const newestAcceptable = <Logged extends LoggedImport>(
  holding: readonly Logged[],
): Logged | undefined =>
  holding.find(({ status, startTime }) => status === 'Some Rows Failed' && startTime !== null);

/**
 * The first of the Completed imports that left `last_sync_time` where it was, or far back: a row that is older may still
 * be committed. Undefined if the newest moved it.
 */
export function standingStillSince<Logged extends LoggedImport>(
  imports: readonly Logged[],
): Logged | undefined {
  const completed = imports.filter(({ status }) => status === 'Completed');
  const moved = completed.findIndex((each) => !standsStill(each));
  return completed.slice(0, moved === -1 ? undefined : moved).at(-1);
}

/** The import since which `last_sync_time` is held back, for whatever reason; undefined if it isn't. */
export function heldBackSince<Logged extends LoggedImport>(imports: readonly Logged[]): Logged | undefined {
  return [heldBackBy(imports).at(-1), standingStillSince(imports)]
    .filter((each) => each !== undefined)
    .toSorted((a, b) => a.number - b.number)[0];
}

/** When an import began, as far as users are concerned. */
export const startedAt = ({ openedAt, dueAt }: Pick<LoggedImport, 'openedAt' | 'dueAt'>): Date =>
  openedAt ?? dueAt;

/** An open transaction holds it back a little at every import; only one that stays open is worth a word. */
function standsStill(each: LoggedImport): boolean {
  const { startTime, startBound, definition } = each;
  if (startTime === null) return true;
  const start = (startTime + definition.overlapSeconds) * 1000;
  return startBound === 'open transaction' && startedAt(each).getTime() - start >= LONG_AGO_MS;
}
