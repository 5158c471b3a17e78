import type { Ended } from '../store/end-import.js';
import type { AppliedChunk } from '../store/ledger.js';
import type { ImportRef } from '../store/records.js';
import type { FailureType } from './failures.js';

/**
 * What the activities tell of imports, for logs and metrics. Each fact is told by the one call whose transaction made it
 * true, and after its commit: a retry that finds it done already tells nothing. So nothing is told twice; what is
 * committed by a worker that dies in this very moment is not told at all.
 */
export interface ImportEvents {
  opened(ref: ImportRef, opened: OpenedFacts): void;
  staged(ref: ImportRef, staged: StagedFacts): void;
  /** Of this one all is told again if planning is retried after its commit: it is for logs. */
  planned(ref: ImportRef, planned: { chunks: number; seconds: number }): void;
  chunkApplied(ref: ImportRef, applied: AppliedChunk): void;
  /** One lane has found no more chunks: `chunks` and `rows` are those that it applied itself. */
  laneEnded(ref: ImportRef, applied: { chunks: number; rows: number; seconds: number }): void;
  /** Only of imports that this call ended: `isNews` is true. */
  ended(ended: Ended): void;
  /** An attempt of an activity failed; Temporal may try it again. */
  attemptFailed(failed: { workspace: string; activity: string; type: FailureType }): void;
}

export interface OpenedFacts {
  cause: 'schedule' | 'trigger';
  full: boolean;
  /** From the moment it was due to the grant of the workspace, on Temporal's clock. */
  waitedSeconds: number;
}

export interface StagedFacts {
  rows: number;
  /** Null if the sync has no relationship query. */
  relationships: number | null;
  /** Bytes of COPY text of both. */
  bytes: number;
  seconds: number;
}

/** Tells nobody. */
export const untold: ImportEvents = {
  opened: () => undefined,
  staged: () => undefined,
  planned: () => undefined,
  chunkApplied: () => undefined,
  laneEnded: () => undefined,
  ended: () => undefined,
  attemptFailed: () => undefined,
};

/** Tells several, in their order. */
export function toldTo(listeners: readonly ImportEvents[]): ImportEvents {
  return {
    opened: (ref, opened) => listeners.forEach((each) => each.opened(ref, opened)),
    staged: (ref, staged) => listeners.forEach((each) => each.staged(ref, staged)),
    planned: (ref, planned) => listeners.forEach((each) => each.planned(ref, planned)),
    chunkApplied: (ref, applied) => listeners.forEach((each) => each.chunkApplied(ref, applied)),
    laneEnded: (ref, applied) => listeners.forEach((each) => each.laneEnded(ref, applied)),
    ended: (ended) => listeners.forEach((each) => each.ended(ended)),
    attemptFailed: (failed) => listeners.forEach((each) => each.attemptFailed(failed)),
  };
}

/** Tells of an end, if it is news. */
export function tellEnd(events: ImportEvents, ended: Ended | null): void {
  if (ended?.isNews === true) events.ended(ended);
}

/** Seconds since a moment that `performance.now()` gave. */
export const secondsSince = (began: number): number => (performance.now() - began) / 1000;
