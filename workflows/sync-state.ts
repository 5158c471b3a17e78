import type { DefinedSync, UnopenedImport } from '../activities/activities.js';
import type { DefineRequest, ImportInput, ImportResult, SyncState, SyncStatus } from './messages.js';
import * as schedule from './schedule.js';
import type { Cause } from './schedule.js';

/*
 * What a sync knows and how it changes; pure but for the state that is handed in, which is changed in place. The
 * workflow around it (sync.ts) waits, and talks to imports and users.
 */

/** How many ended imports the status and the Temporal UI show. */
const RECENT = 10;

/** An import that runs or is queued. */
export interface CurrentImport {
  input: ImportInput;
  /** Whether it should run in full; it may be past changing. */
  full: boolean;
  grantedAt?: number;
  result?: ImportResult;
}

/** The state with a definition that was checked: a new sync's, or what it was with the new definition in force. */
export function withDefinition(
  state: SyncState | undefined,
  { definition }: DefineRequest,
  defined: DefinedSync,
  now: number,
): SyncState {
  const { nextNumber, lastSyncTime } = defined;
  if (!state) {
    const begun = schedule.beginSchedule(definition, now);
    return { definition, schedule: begun, nextNumber, lastSyncTime, recent: [] };
  }
  // An import may have ended while the definition was checked: what the store said then can be behind, never ahead.
  const sameDatabase = state.definition.database === definition.database;
  return {
    ...state,
    definition,
    schedule: schedule.changeTiming(state.schedule, state.definition, definition, now),
    nextNumber: Math.max(state.nextNumber, nextNumber),
    lastSyncTime: sameDatabase ? Math.max(state.lastSyncTime, lastSyncTime) : lastSyncTime,
  };
}

/** When the next run starts, if nothing intervenes; undefined while that isn't known, or paused. */
export function nextRunAt({ paused, schedule: past, definition }: SyncState): number | undefined {
  return paused ? undefined : schedule.nextRunAt(past, definition);
}

/**
 * The import to carry out now, a triggered one first, and the entry for the intervals before it that passed while
 * nothing was there to run them.
 */
export function takeNextRun(state: SyncState, now: number): { run?: ImportInput; missed?: UnopenedImport } {
  const { triggered, definition } = state;
  const due = state.paused ? undefined : schedule.dueRun(state.schedule, definition, now);
  const missed =
    due && due.missed > 0
      ? skipped(
          state,
          due.missedFrom,
          due.missed,
          `${intervals(due.missed)} passed while nothing was running`,
        )
      : undefined;
  if (triggered) {
    if (due) state.schedule = schedule.letPass(state.schedule, definition, now);
    delete state.triggered;
    return { run: triggeredInput(state, triggered), missed };
  }
  if (!due) return {};
  const run = importInput(state, state.nextNumber++, 'schedule', due.dueAt, false);
  state.schedule = schedule.importStarted(state.schedule, definition, run);
  return { run, missed };
}

/**
 * Queues a triggered import, one at most: a second trigger is the same one, and may make it a full one.
 * @returns whose number it is, and whether `current` has yet to be told to run in full
 */
export function queueTrigger(
  state: SyncState,
  current: CurrentImport | undefined,
  full: boolean,
  now: number,
): { number: number; alreadyQueued: boolean; tellFull: boolean } {
  if (state.triggered) {
    state.triggered.full ||= full;
    return { number: state.triggered.number, alreadyQueued: true, tellFull: false };
  }
  if (current?.input.cause === 'trigger' && isQueued(current)) {
    const tellFull = full && !current.full;
    current.full ||= full;
    return { number: current.input.number, alreadyQueued: true, tellFull };
  }
  state.triggered = { number: state.nextNumber++, full, at: now };
  return { number: state.triggered.number, alreadyQueued: false, tellFull: false };
}

/** Takes the queued trigger back, as an entry of the log. */
export function dropTrigger(state: SyncState, reason: string): UnopenedImport | undefined {
  const { triggered } = state;
  if (!triggered) return undefined;
  delete state.triggered;
  return { input: triggeredInput(state, triggered), status: 'Canceled', reason, intervals: 1 };
}

export function noteGrant(state: SyncState, current: CurrentImport, at: number): void {
  if (current.grantedAt !== undefined) return;
  current.grantedAt = at;
  state.schedule = schedule.importGranted(state.schedule, state.definition, current.input.cause, at);
}

/** What the end of an import changes: the schedule, and `last_sync_time` if it moved and is still the same database's. */
export function noteEnd(state: SyncState, current: CurrentImport, result: ImportResult): void {
  // The mutex's word that it was granted may not have come through.
  if (result.grantedAt !== undefined) noteGrant(state, current, result.grantedAt);
  const { cause, dueAt, definition } = current.input;
  const run = { cause, dueAt, granted: current.grantedAt !== undefined };
  state.schedule = schedule.importEnded(state.schedule, state.definition, run, result.endedAt);
  if (result.lastSyncTime !== undefined && definition.database === state.definition.database) {
    state.lastSyncTime = Math.max(state.lastSyncTime, result.lastSyncTime);
  }
  noteResult(state, result);
  // It had the workspace before it heard that it should run in full: the one after it will.
  const upgraded = current.full && !current.input.full;
  if (upgraded && run.granted && !result.full) queueTrigger(state, undefined, true, result.endedAt);
}

/** The store has moved `last_sync_time`; an import that ended meanwhile may have moved it further. */
export function noteAccepted(state: SyncState, { lastSyncTime }: { lastSyncTime: number }): void {
  state.lastSyncTime = Math.max(state.lastSyncTime, lastSyncTime);
}

export function noteResult(state: SyncState, result: ImportResult): void {
  const { nextNumber = 0, ...shown } = result;
  state.recent = [shown, ...state.recent].slice(0, RECENT);
  // Where the sync was reset, the log knows of later imports than it does.
  state.nextNumber = Math.max(state.nextNumber, nextNumber);
}

/** The entry for points of the grid that passed by `until` while the sync's own import ran, or waited. */
export function takeOverruns(
  state: SyncState,
  current: CurrentImport,
  until: number,
): UnopenedImport | undefined {
  const passed = state.paused ? undefined : schedule.overruns(state.schedule, state.definition, until);
  if (!passed) return undefined;
  state.schedule = schedule.letPass(state.schedule, state.definition, until);
  const { number, definition } = current.input;
  const was = current.grantedAt === undefined ? 'was still waiting for the workspace' : 'was still running';
  return skipped(state, passed.from, passed.count, `import ${number} of ${definition.sync} ${was}`);
}

/** When the next point of the grid passes, which an import that still runs then makes `Skipped`. */
export function nextOverrunAt({ paused, schedule: past, definition }: SyncState): number | undefined {
  const onGrid = definition.anchor === 'start' && past.gridPoint !== undefined;
  return paused || !onGrid ? undefined : schedule.nextRunAt(past, definition);
}

export function pauseNow(state: SyncState, reason: string, now: number): void {
  state.paused = { reason, since: state.paused?.since ?? now };
}

/** It picks up at the next interval, never at once to make up for those missed. */
export function resumeNow(state: SyncState, now: number): void {
  if (state.paused) state.schedule = schedule.letPass(state.schedule, state.definition, now);
  delete state.paused;
}

/** What the sync does, for whoever asks. */
export function statusOf(state: SyncState, current: CurrentImport | undefined, now: number): SyncStatus {
  const at = nextRunAt(state);
  return {
    definition: state.definition,
    activity: current ? (isQueued(current) ? 'queued' : 'importing') : state.paused ? 'paused' : 'waiting',
    paused: state.paused,
    currentImport: current?.input.number ?? state.triggered?.number,
    ...(current && { whenBusy: current.input.whenBusy }),
    nextRunAt: at !== undefined && current && at <= now ? undefined : at,
    schedule: state.schedule,
    lastSyncTime: state.lastSyncTime,
    recent: state.recent,
  };
}

export function isQueued(current: CurrentImport): boolean {
  return current.grantedAt === undefined && current.result === undefined;
}

function skipped(state: SyncState, dueAt: number, count: number, reason: string): UnopenedImport {
  const input = importInput(state, state.nextNumber++, 'schedule', dueAt, false);
  return { input, status: 'Skipped', reason, intervals: count };
}

function triggeredInput(
  state: SyncState,
  { number, full, at }: { number: number; full: boolean; at: number },
) {
  return importInput(state, number, 'trigger', at, full);
}

function importInput(
  state: SyncState,
  number: number,
  cause: Cause,
  dueAt: number,
  full: boolean,
): ImportInput {
  const { definition } = state;
  const whenBusy = schedule.whenBusyFor(definition, state.schedule, cause);
  const lastSyncTime = full ? 0 : state.lastSyncTime;
  return { definition, number, lastSyncTime, whenBusy, cause, full, dueAt };
}

function intervals(count: number): string {
  return count === 1 ? 'one interval' : `${count} intervals`;
}
