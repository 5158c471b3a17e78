import type { RelationshipCounts, RowCounts } from './records.js';
import {
  heldBackSince,
  SKIPPED_OFTEN,
  skippedIntervals,
  startedAt,
  type LoggedImport,
} from './sync-health.js';

/*
 * When a sync's state changes, by its imports alone (docs/alerts.md). Pure: what is known goes in, and comes out.
 */

export type Condition = 'failing' | 'some_rows_failed' | 'skipped_often' | 'held_back';

/** An import of the log, as far as alerts look at it. */
export interface JudgedImport extends LoggedImport {
  reason: string | null;
  endedAt: Date | null;
  /** True: to be judged; false: judged; null: it ended while alerts were off. */
  due: boolean | null;
  counts: RowCounts | null;
  relationships: RelationshipCounts | null;
}

/** A condition that holds. */
export interface Held {
  since: Date;
  import: number;
  /** Whether an alert was raised for it. */
  told: boolean;
}

export interface Known {
  /** The highest import number that was judged; 0 at first. */
  judged: number;
  conditions: ReadonlyMap<Condition, Held>;
  /** When the sync was last seen to be paused while `last_sync_time` was held back. */
  pausedAt: Date | null;
}

/** A change of state that is to be told. */
export interface Change {
  kind: 'began' | 'recovered';
  condition: Condition;
  /** When the condition began, and when this change happened. */
  since: Date;
  at: Date;
  import: JudgedImport;
}

export interface Judgement {
  known: Known;
  changes: Change[];
  /** The numbers of imports that were due. */
  judged: number[];
  /** `last_sync_time` is held back for long enough, and an alert is raised if the sync is not paused. */
  askWhetherPaused: boolean;
}

export interface Circumstances {
  now: Date;
  /** How long `last_sync_time` may be held back, in milliseconds. */
  afterMs: number;
  /** What the sync said when it was asked; undefined if it was not. */
  paused: boolean | undefined;
}

/**
 * Judges what ended since the last time, one import after the other as they ended, so that nothing is missed or told
 * twice, whenever and however often it is asked.
 * @param imports newest first, the newest ten at least
 */
export function judge(
  known: Known,
  imports: readonly JudgedImport[],
  circumstances: Circumstances,
): Judgement {
  const conditions = new Map(known.conditions);
  const changes: Change[] = [];
  const unjudged = imports
    .filter((each): each is Ended => each.endedAt !== null)
    .filter(({ due, number }) => due === true || (due === null && number > known.judged))
    .toSorted((a, b) => a.endedAt.getTime() - b.endedAt.getTime() || a.number - b.number);

  const begin = (condition: Condition, by: JudgedImport, since: Date, at: Date, told: boolean) => {
    if (conditions.has(condition)) return;
    conditions.set(condition, { since, import: by.number, told });
    if (told) changes.push({ kind: 'began', condition, since, at, import: by });
  };
  const recover = (condition: Condition, by: JudgedImport, at: Date, told = true) => {
    const held = conditions.get(condition);
    if (held === undefined) return;
    conditions.delete(condition);
    if (told && held.told) changes.push({ kind: 'recovered', condition, since: held.since, at, import: by });
  };

  for (const each of unjudged) {
    const told = each.due === true;
    const { status, endedAt } = each;
    if (status === 'Completed' || status === 'Some Rows Failed') recover('failing', each, endedAt, told);
    if (status === 'Completed') recover('some_rows_failed', each, endedAt, told);
    if (status === 'Failed') begin('failing', each, endedAt, endedAt, told);
    if (status === 'Some Rows Failed') begin('some_rows_failed', each, endedAt, endedAt, told);
    const { skipped } = skippedIntervals(imports.filter((other) => hasEndedBy(other, endedAt)));
    if (skipped >= SKIPPED_OFTEN) begin('skipped_often', each, endedAt, endedAt, told);
    // Not at two: who skips every fourth interval would recover and begin again all day.
    if (skipped <= 1) recover('skipped_often', each, endedAt, told);
  }

  const accepted = imports.find(({ status }) => status === 'Some Rows Failed');
  if (accepted?.acceptedAt instanceof Date) recover('some_rows_failed', accepted, accepted.acceptedAt);

  const { askWhetherPaused, pausedAt } = judgeHeldBack();
  return {
    known: {
      judged: Math.max(known.judged, ...unjudged.map(({ number }) => number)),
      conditions,
      pausedAt,
    },
    changes,
    judged: unjudged.filter(({ due }) => due === true).map(({ number }) => number),
    askWhetherPaused,
  };

  function judgeHeldBack(): { askWhetherPaused: boolean; pausedAt: Date | null } {
    const { now, afterMs, paused } = circumstances;
    const by = heldBackSince(imports);
    if (by === undefined) {
      // One that reads from another database now has none yet: the first that is Completed tells.
      const mover = imports.find(({ status, acceptedAt }) => status === 'Completed' || acceptedAt !== null);
      if (mover !== undefined) recover('held_back', mover, mover.acceptedAt ?? mover.endedAt ?? now);
      return { askWhetherPaused: false, pausedAt: null };
    }
    if (conditions.has('held_back')) return { askWhetherPaused: false, pausedAt: known.pausedAt };
    const since = startedAt(by);
    const from = Math.max(since.getTime(), known.pausedAt?.getTime() ?? 0);
    if (now.getTime() - from < afterMs) return { askWhetherPaused: false, pausedAt: known.pausedAt };
    // It was so before alerts were turned on.
    if (unjudged.includes(by as Ended) && by.due === null) {
      begin('held_back', by, since, now, false);
      return { askWhetherPaused: false, pausedAt: null };
    }
    if (paused === undefined) return { askWhetherPaused: true, pausedAt: known.pausedAt };
    if (paused) return { askWhetherPaused: false, pausedAt: now };
    begin('held_back', by, since, now, true);
    return { askWhetherPaused: false, pausedAt: null };
  }
}

type Ended = JudgedImport & { endedAt: Date };

const hasEndedBy = ({ endedAt }: JudgedImport, moment: Date) =>
  endedAt !== null && endedAt.getTime() <= moment.getTime();
