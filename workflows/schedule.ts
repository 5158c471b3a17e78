import type { SyncDefinition, WhenBusy } from '../config/sync-definition.js';

/*
 * When the next run is. Pure: every time is in milliseconds on Temporal's clock and is handed in, so that the same
 * history gives the same answers. docs/scheduling.md says the same for users.
 */

/** The part of a definition that says when its sync runs. */
export type Timing = Pick<SyncDefinition, 'everyMs' | 'anchor' | 'startAt'>;

export type Cause = 'schedule' | 'trigger';

/** What the schedule remembers of the past; plain JSON, carried over continue-as-new. */
export interface Schedule {
  /** When the first run is due; counts until there has been one. */
  firstAt: number;
  /** True once an import was granted the workspace. */
  hasRun: boolean;
  /** The newest point of the grid that is dealt with; absent until something sets the grid. */
  gridPoint?: number;
  /** When the prior import ended; absent while one runs. */
  endedAt?: number;
}

/** The schedule of a sync that has just been defined, or was given another `startAt`, which sets the grid. */
export function beginSchedule(timing: Timing, now: number): Schedule {
  const firstAt = firstRun(timing, now);
  const setsGrid = timing.startAt !== undefined && timing.anchor === 'start';
  return { firstAt, hasRun: false, ...(setsGrid && { gridPoint: firstAt - timing.everyMs }) };
}

/**
 * The schedule after an update. A changed interval moves the next run, and does not make a run of the past `missed`;
 * a changed `startAt` begins anew.
 */
export function changeTiming(schedule: Schedule, former: Timing, timing: Timing, now: number): Schedule {
  const sameStart = former.startAt === timing.startAt;
  if (sameStart && former.everyMs === timing.everyMs && former.anchor === timing.anchor) return schedule;
  if (!schedule.hasRun && sameStart && timing.startAt === undefined) {
    return { ...schedule, firstAt: Math.min(schedule.firstAt, now + timing.everyMs) };
  }
  if (!schedule.hasRun) return beginSchedule(timing, now);
  if (!sameStart && timing.startAt !== undefined) return beginSchedule(timing, now);

  const atMostOneDue = (point: number) => Math.max(point, latestPoint(point, timing, now) - timing.everyMs);
  return movePoints(schedule, atMostOneDue);
}

/** When the next run is due, which may be in the past; undefined while an import runs from whose end it counts. */
export function nextRunAt(schedule: Schedule, timing: Timing): number | undefined {
  const { everyMs, anchor } = timing;
  if (anchor === 'start') {
    return schedule.gridPoint === undefined ? schedule.firstAt : schedule.gridPoint + everyMs;
  }
  if (schedule.endedAt !== undefined) return schedule.endedAt + everyMs;
  return schedule.hasRun ? undefined : schedule.firstAt;
}

/**
 * The run that is due by now, if there is one: one run for the newest interval, and how many whole intervals before it
 * were `missed` since nothing was there to run them, the first of them at `missedFrom`.
 */
export function dueRun(
  schedule: Schedule,
  timing: Timing,
  now: number,
): { dueAt: number; missed: number; missedFrom: number } | undefined {
  const next = nextRunAt(schedule, timing);
  if (next === undefined || next > now) return undefined;
  const dueAt = hasGrid(schedule, timing) ? latestPoint(next, timing, now) : next;
  return { dueAt, missed: Math.round((dueAt - next) / timing.everyMs), missedFrom: next };
}

/**
 * When the next runs begin, if nothing intervenes: exact on a grid; from the end of imports the earliest, as if an import
 * took no time. None if the next one counts from the end of an import that runs.
 */
export function upcomingRuns(schedule: Schedule, timing: Timing, now: number, count: number): number[] {
  const next = nextRunAt(schedule, timing);
  if (next === undefined) return [];
  const onGrid = timing.anchor === 'start' && hasGrid(schedule, timing);
  const first = Math.max(next, now);
  const base = onGrid ? latestPoint(next, timing, now) : first;
  return Array.from({ length: count }, (_, index) => (index === 0 ? first : base + index * timing.everyMs));
}

/** A due import is about to ask for the workspace: its point of the grid is dealt with, however long it waits. */
export function importStarted(
  schedule: Schedule,
  timing: Timing,
  run: { cause: Cause; dueAt: number },
): Schedule {
  if (run.cause === 'trigger' || timing.anchor === 'end' || !hasGrid(schedule, timing)) return schedule;
  return { ...schedule, gridPoint: run.dueAt };
}

/** The import has the workspace. A triggered run sets the grid anew, a first run where nothing else has set it. */
export function importGranted(schedule: Schedule, timing: Timing, cause: Cause, at: number): Schedule {
  if (isBeforeStart(schedule, timing, at)) return schedule;
  const keepsGrid = timing.anchor === 'start' && cause === 'schedule' && schedule.gridPoint !== undefined;
  return {
    firstAt: schedule.firstAt,
    hasRun: true,
    gridPoint: keepsGrid ? schedule.gridPoint : at,
  };
}

/** The import has ended; one that never had the workspace still uses up its interval, unless it was a trigger. */
export function importEnded(
  schedule: Schedule,
  timing: Timing,
  run: { cause: Cause; dueAt: number; granted: boolean },
  at: number,
): Schedule {
  if (isBeforeStart(schedule, timing, at) || (run.cause === 'trigger' && !run.granted)) return schedule;
  // `startAt` was changed while it ran, and the first run by the new one is still to come.
  if (run.granted && !schedule.hasRun && schedule.firstAt > at) return schedule;
  if (!run.granted && timing.anchor === 'start') {
    return { ...schedule, firstAt: Math.max(schedule.firstAt, run.dueAt + timing.everyMs) };
  }
  return { ...schedule, endedAt: at };
}

/** The points of the grid that have passed unseen up to `until`, while the sync's own import ran. */
export function overruns(
  schedule: Schedule,
  timing: Timing,
  until: number,
): { count: number; from: number } | undefined {
  if (timing.anchor === 'end' || schedule.gridPoint === undefined) return undefined;
  const count = Math.floor((until - schedule.gridPoint) / timing.everyMs);
  return count > 0 ? { count, from: schedule.gridPoint + timing.everyMs } : undefined;
}

/** The intervals up to now pass without an import, and the next run is the first one after now. */
export function letPass(schedule: Schedule, timing: Timing, now: number): Schedule {
  const passed = movePoints(schedule, (point) => latestPoint(point, timing, now));
  if (schedule.hasRun || schedule.firstAt > now) return passed;
  return { ...passed, firstAt: latestPoint(schedule.firstAt, timing, now) + timing.everyMs };
}

/** What an import does if another one has the workspace. */
export function whenBusyFor(
  definition: Pick<SyncDefinition, 'whenBusy' | 'anchor'>,
  schedule: Schedule,
  cause: Cause,
): WhenBusy {
  if (cause === 'trigger') return 'wait';
  if (definition.whenBusy !== 'unset') return definition.whenBusy;
  // Two syncs that are applied together share their grid for ever, so the first run of each must find its own time.
  return definition.anchor === 'end' || !schedule.hasRun ? 'wait' : 'skip';
}

function firstRun({ startAt, everyMs }: Timing, now: number): number {
  if (startAt === undefined) return now;
  const start = Date.parse(startAt);
  return start >= now ? start : start + Math.ceil((now - start) / everyMs) * everyMs;
}

/** A trigger before the time that `startAt` sets for the first run leaves that time alone. */
function isBeforeStart(schedule: Schedule, { startAt }: Timing, at: number): boolean {
  return !schedule.hasRun && startAt !== undefined && Date.parse(startAt) > at;
}

function hasGrid(schedule: Schedule, timing: Timing): boolean {
  return schedule.hasRun || schedule.gridPoint !== undefined || timing.startAt !== undefined;
}

/** The newest of point, point + interval, point + 2 intervals … that is not after now. */
function latestPoint(point: number, { everyMs }: Timing, now: number): number {
  return point + Math.max(0, Math.floor((now - point) / everyMs)) * everyMs;
}

function movePoints(schedule: Schedule, move: (point: number) => number): Schedule {
  return {
    ...schedule,
    ...(schedule.gridPoint !== undefined && { gridPoint: move(schedule.gridPoint) }),
    ...(schedule.endedAt !== undefined && { endedAt: move(schedule.endedAt) }),
  };
}
