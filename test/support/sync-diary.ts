import type { SyncBasics, SyncDefinition } from '../../config/sync-definition.js';
import * as sync from '../../workflows/sync-state.js';
import type { ImportResult, SyncState } from '../../workflows/messages.js';

/** What happens at a minute: something a user does, or what befalls the machines. */
type Happening =
  | 'pause'
  | 'resume'
  | 'trigger'
  | 'down'
  | 'up'
  /** Another import takes the workspace, or gives it back. */
  | 'taken'
  | 'free'
  /** The user cancels the import that runs or is queued. */
  | 'cancel'
  | Partial<SyncBasics>;

export interface Day {
  definition: Partial<SyncBasics>;
  /** When the sync is defined, `h:mm`. */
  from: string;
  until: string;
  /** Minutes that an import takes; the last one holds for all that follow. */
  takes: number[];
  happenings?: [at: string, happening: Happening][];
}

const MINUTE = 60_000;

export const minutes = (count: number) => count * MINUTE;

/** `h:mm` as milliseconds of a day that begins at the epoch; hours may go beyond 24. */
export function at(time: string): number {
  const [hours = '', minute = ''] = time.split(':');
  return minutes(Number(hours) * 60 + Number(minute));
}

/**
 * Lives through a day minute by minute as the sync's workflow does, with a clock and a workspace of its own.
 * @returns the diary: `1:30 import`, `2:30 skipped: import 1 was still running` …
 */
export function diaryOf({ definition, from, until, takes, happenings = [] }: Day): string[] {
  const diary: string[] = [];
  let state: SyncState = defined(undefined, definition, at(from));
  let current: (sync.CurrentImport & { endsAt?: number }) | undefined;
  let started = 0;
  let down = false;
  let taken = false;

  for (let now = at(from); now <= at(until); now += MINUTE) {
    for (const [, happening] of happenings.filter(([time]) => at(time) === now)) happen(happening, now);
    live(now);
  }
  return diary;

  function live(now: number): void {
    if (down) return;
    if (current) goOn(current, now);
    if (current) return;
    const { run, missed } = sync.takeNextRun(state, now);
    if (missed) write(now, `skipped ${missed.intervals}: ${missed.reason}`);
    if (!run) return;
    current = { input: run, full: run.full };
    if (taken && run.whenBusy === 'skip') end(current, now, 'Skipped', 'busy');
    else if (taken) write(now, 'queued');
    else grant(current, now);
  }

  function goOn(running: sync.CurrentImport & { endsAt?: number }, now: number): void {
    if (sync.isQueued(running) && !taken) grant(running, now);
    if (running.endsAt !== undefined && running.endsAt <= now) {
      overrun(running, running.endsAt, now);
      end(running, running.endsAt, 'Completed');
    } else overrun(running, now, now);
  }

  function overrun(running: sync.CurrentImport, end: number, now: number): void {
    const entry = sync.takeOverruns(state, running, end);
    if (entry) write(now, `skipped ${entry.intervals}: ${entry.reason}`);
  }

  function grant(running: sync.CurrentImport & { endsAt?: number }, now: number): void {
    sync.noteGrant(state, running, now);
    running.endsAt = now + minutes(takes[Math.min(started, takes.length - 1)] ?? 1);
    started += 1;
    write(now, running.input.cause === 'trigger' ? 'triggered import' : 'import');
  }

  function end(running: sync.CurrentImport, now: number, status: ImportResult['status'], why?: string): void {
    if (why) write(now, `${status.toLowerCase()}: ${why}`);
    sync.noteEnd(state, running, { number: running.input.number, status, endedAt: now });
    current = undefined;
  }

  function happen(happening: Happening, now: number): void {
    if (typeof happening === 'object') state = defined(state, { ...state.definition, ...happening }, now);
    else if (happening === 'pause') {
      sync.pauseNow(state, 'because', now);
      if (current && sync.isQueued(current)) end(current, now, 'Canceled', 'paused');
    } else if (happening === 'resume') sync.resumeNow(state, now);
    else if (happening === 'trigger') sync.queueTrigger(state, current, false, now);
    else if (happening === 'cancel') cancel(now);
    else if (happening === 'taken' || happening === 'free') taken = happening === 'taken';
    else down = happening === 'down';
  }

  function cancel(now: number): void {
    if (current) end(current, now, 'Canceled', 'canceled');
  }

  function write(now: number, line: string): void {
    const minute = Math.floor((now / MINUTE) % 60);
    diary.push(`${Math.floor(now / MINUTE / 60)}:${String(minute).padStart(2, '0')} ${line}`);
  }
}

function defined(state: SyncState | undefined, change: Partial<SyncBasics>, now: number): SyncState {
  const definition: SyncDefinition = {
    workspace: 'acme',
    sync: 'customers',
    name: 'customers',
    description: '',
    database: 'crm',
    every: '1h',
    everyMs: minutes(60),
    anchor: 'start',
    whenBusy: 'unset',
    overlapSeconds: 1,
    maxRows: 1,
    import: 'people',
    identifyBy: 'id',
    mode: 'add-and-update',
    query: '',
    ...change,
  };
  const settings = {
    name: 'acme',
    identifiers: [],
    allowEmailUpdatesUsingId: false,
    keepImportsMs: 0,
    keepFailures: 0,
  };
  const inStore = { nextNumber: 1, lastSyncTime: 0, warnings: [], created: !state, columns: [] };
  return sync.withDefinition(state, { definition, settings }, inStore, now);
}
