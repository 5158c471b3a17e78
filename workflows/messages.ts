import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { SyncDefinition, WhenBusy, WorkspaceSettings } from '../config/sync-definition.js';
import type { Schedule } from './schedule.js';

/** Workflows run on this task queue; the activities of a workspace on `<queue>:<workspace>`. */
export const TASK_QUEUE = 'inlet';
export const activityQueue = (taskQueue: string, workspace: string) => `${taskQueue}:${workspace}`;

export const syncId = (workspace: string, sync: string) => `sync:${workspace}/${sync}`;
export const importId = (workspace: string, sync: string, number: number) =>
  `import:${workspace}/${sync}/${number}`;
export const alertId = (workspace: string, sync: string, number: number) =>
  `alert:${workspace}/${sync}/${number}`;
export const mutexId = (workspace: string) => `mutex:${workspace}`;

/** By what Temporal's UI and CLI find syncs and imports; the worker registers them where it may. */
export const searchAttributeKeys = {
  workspace: defineSearchAttributeKey('InletWorkspace', 'KEYWORD'),
  sync: defineSearchAttributeKey('InletSync', 'KEYWORD'),
  status: defineSearchAttributeKey('InletStatus', 'KEYWORD'),
};

/** An import's workflow id as users read it: `import 7 of customers`. */
export function describeImport(id: string): string {
  const [, sync, number] = /^import:.*\/([^/]+)\/(\d+)$/.exec(id) ?? [];
  return sync === undefined || number === undefined ? id : `import ${number} of ${sync}`;
}

export type ImportStatus = 'Running' | 'Completed' | 'Some Rows Failed' | 'Failed' | 'Skipped' | 'Canceled';
export type EndStatus = Exclude<ImportStatus, 'Running'>;

/** Exclusive and total: `rows` is the sum of the others (docs/semantics.md). */
export interface RowCounts {
  rows: number;
  added: number;
  updated: number;
  unchanged: number;
  skipped: number;
  superseded: number;
  failed: number;
}

/** Of the relationship query, exclusive and total as well. */
export interface RelationshipCounts {
  rows: number;
  related: number;
  changed: number;
  unchanged: number;
  removed: number;
  superseded: number;
  failed: number;
}

// --- the import ---------------------------------------------------------------------------------------------------

export interface ImportInput {
  definition: SyncDefinition;
  number: number;
  /** What `{{last_sync_time}}` becomes, in Unix seconds. */
  lastSyncTime: number;
  whenBusy: WhenBusy;
  cause: 'schedule' | 'trigger';
  /** True for `trigger --full`: `lastSyncTime` is 0 whatever the sync's is. */
  full: boolean;
  /** When it was due, in milliseconds since the epoch, on Temporal's clock. */
  dueAt: number;
  /**
   * Absent in histories from before there were search attributes. Its sync tells the mutex of its end, so that its own
   * history stays short.
   */
  searchable?: true;
}

export interface ImportResult {
  number: number;
  status: EndStatus;
  /** One sentence; for `Skipped` it names the holder of the workspace. */
  reason?: string;
  counts?: RowCounts;
  relationships?: RelationshipCounts;
  /** True if it ran with `last_sync_time` 0 by a `trigger --full`. */
  full?: boolean;
  /** When the workspace was granted and when the import ended, in milliseconds on Temporal's clock. */
  grantedAt?: number;
  endedAt: number;
  /** The sync's `last_sync_time` in the store after this import, in Unix seconds, if this import moved it. */
  lastSyncTime?: number;
  /** The least number that the log has for no import of the sync: a sync that was reset may have forgotten some. */
  nextNumber?: number;
  /** True if the namespace had Inlet's search attributes when the log was written. */
  searchable?: true;
}

/** From the mutex: the workspace is yours. */
export const granted = defineSignal('granted');
/** From the mutex, to a request that would not wait: who holds the workspace (a workflow id). */
export const busy = defineSignal<[{ holder: string }]>('busy');
/** From the sync: end as `Canceled` with this reason, unless the workspace is granted already. */
export const withdraw = defineSignal<[{ reason: string }]>('withdraw');
/** From the sync: run with `last_sync_time` 0, unless the workspace is granted already. */
export const runInFull = defineSignal('runInFull');

// --- the alert ----------------------------------------------------------------------------------------------------

/** Only a name: what an alert says is in the store, where it goes in the worker's file. */
export interface AlertInput {
  workspace: string;
  sync: string;
  /** Counts by sync. */
  number: number;
}

export interface AlertResult {
  outcome: 'delivered' | 'given up';
}

// --- the mutex ----------------------------------------------------------------------------------------------------

export interface MutexInput {
  workspace: string;
  /** Carried over continue-as-new. */
  state?: MutexState;
  /** Whether there is a holder to look at; absent in histories from before runs did so at their start. */
  look?: true;
}

export interface MutexRequest {
  /** The asking import's workflow id, and so the request's own id: repeated, it is the same request. */
  importId: string;
  whenBusy: WhenBusy;
  /** The workflow that hears of the grant as well (`importGranted`): the import's sync, if it has one. */
  sync?: string;
}

export interface MutexState {
  holder?: string;
  queue: MutexRequest[];
}

export const requestWorkspace = defineSignal<[MutexRequest]>('request');
/** Means "look now": the workspace is free only once the holder's workflow is seen to have closed. */
export const releaseWorkspace = defineSignal<[{ importId: string }]>('release');
/** Takes a request out of the queue; a holder can't withdraw. */
export const withdrawRequest = defineSignal<[{ importId: string }]>('withdraw');
export const mutexState = defineQuery<MutexState>('state');

// --- the sync -----------------------------------------------------------------------------------------------------

/** Started with the update `define`; a sync that was never defined ends at once. */
export interface SyncInput {
  workspace: string;
  sync: string;
  /** Absent in histories from before there were search attributes. */
  searchable?: true;
  /** Carried over continue-as-new. */
  state?: SyncState;
}

export interface SyncState {
  definition: SyncDefinition;
  schedule: Schedule;
  nextNumber: number;
  lastSyncTime: number;
  paused?: Pause;
  /** A triggered import that waits for the sync's own import to end. */
  triggered?: { number: number; full: boolean; at: number };
  /** Newest first, at most ten. */
  recent: ImportResult[];
}

export interface DefineRequest {
  definition: SyncDefinition;
  settings: WorkspaceSettings;
}

export interface Defined {
  /** Sentences for the user: what the change means for rows already past, lanes that share their times, … */
  warnings: string[];
  /** True if the sync did not exist before. */
  created: boolean;
  /** Columns that the query gives, in its order. */
  columns: { name: string; sourceType: string }[];
  /** The same of the relationship query, if there is one. */
  relationshipColumns?: { name: string; sourceType: string }[];
}

export interface TriggerRequest {
  full: boolean;
}

export interface Triggered {
  number: number;
  /** True if a triggered import was queued already; this is its number. */
  alreadyQueued: boolean;
}

export interface AcceptRequest {
  /** An import that is `Some Rows Failed`. */
  number: number;
}

/** `last_sync_time` before and after, in Unix seconds. */
export interface Accepted {
  formerly: number;
  lastSyncTime: number;
  /** How many rows failed, and won't be asked for again. */
  failed: number;
  /** An import that was started before, and still asks from the former `last_sync_time`. */
  startedBefore?: number;
}

export interface Pause {
  reason: string;
  /** Milliseconds on Temporal's clock. */
  since: number;
}

export interface SyncStatus {
  definition: SyncDefinition;
  /** What the sync does at this moment. */
  activity: 'waiting' | 'queued' | 'importing' | 'paused';
  paused?: Pause;
  /** The import that runs or is queued. */
  currentImport?: number;
  /** What it does if another import has the workspace; absent if there is none, or only a trigger that is queued. */
  whenBusy?: WhenBusy;
  /** Milliseconds on Temporal's clock; absent while paused. */
  nextRunAt?: number;
  /** What later runs are reckoned from. */
  schedule: Schedule;
  lastSyncTime: number;
  /** Newest first, at most ten. */
  recent: ImportResult[];
}

/** From the mutex, since an import's own history is kept short: the sync's import has the workspace. */
export const importGranted = defineSignal<[{ importId: string; grantedAt: number }]>('importGranted');
export const define = defineUpdate<Defined, [DefineRequest]>('define');
export const trigger = defineUpdate<Triggered, [TriggerRequest]>('trigger');
/** Cancels the running or queued import; gives its number, or null if there is none. */
export const cancelImport = defineUpdate<number | null>('cancelImport');
/** Moves `last_sync_time` past an import whose failures the user takes as they are, in the store and here. */
export const acceptImport = defineUpdate<Accepted, [AcceptRequest]>('accept');
/** Cancels a running import and ends the sync's workflow; nothing imported is touched. */
export const deleteSync = defineUpdate<void>('delete');
export const pause = defineSignal<[{ reason: string }]>('pause');
export const resume = defineSignal('resume');
export const syncStatus = defineQuery<SyncStatus>('status');
