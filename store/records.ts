import type { SyncDefinition } from '../config/sync-definition.js';
import type { QueryName } from '../sources/source.js';
import type { Outcome } from './statement-result.js';

/** Spelled as users see them; the log and Temporal share the words. */
export type ImportStatus = 'Running' | 'Completed' | 'Some Rows Failed' | 'Failed' | 'Skipped' | 'Canceled';

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

/** The outcomes of rows, and of relationship rows, in the order in which they are told. */
export const outcomeNames = [
  'added',
  'updated',
  'unchanged',
  'skipped',
  'superseded',
  'failed',
] as const satisfies readonly (keyof RowCounts)[];
export const relationshipOutcomeNames = [
  'related',
  'changed',
  'unchanged',
  'removed',
  'superseded',
  'failed',
] as const satisfies readonly (keyof RelationshipCounts)[];

export interface ImportRef {
  workspace: string;
  sync: string;
  number: number;
}

/** One row of the import log. */
export interface ImportRecord extends ImportRef {
  status: ImportStatus;
  /** One sentence on why it is Failed, Skipped or Canceled. */
  reason: string | null;
  /** What the database itself said; it may quote a cell. */
  databaseMessage: string | null;
  cause: 'schedule' | 'trigger';
  full: boolean;
  /** How many intervals a Skipped entry stands for; 1 otherwise. */
  intervals: number;
  definition: SyncDefinition;
  /** The `last_sync_time` that it ran with, and the SQL with it filled in. */
  lastSyncTime: number;
  sql: string | null;
  relationshipsSql: string | null;
  /** Where `last_sync_time` moves to if it completes; null: nowhere, or not known yet. */
  startTime: number | null;
  /** Which bound decided the start time. */
  startBound: string | null;
  warnings: string[];
  /** Null until it has ended. */
  counts: RowCounts | null;
  /** Null until it has ended, and for a sync without a relationship query. */
  relationships: RelationshipCounts | null;
  /** People added by rows that count as failed. */
  addedByFailed: number;
  /** People who joined the sync's segment, and who left it because they were no longer in the result. */
  membersAdded: number;
  membersRemoved: number;
  /** Progress: rows copied so far, then rows in the ledger that are applied. */
  rowsStaged: number;
  rowsApplied: number;
  chunks: number;
  chunksApplied: number;
  dueAt: Date;
  openedAt: Date | null;
  stagedAt: Date | null;
  plannedAt: Date | null;
  appliedAt: Date | null;
  endedAt: Date | null;
  /** When a user took its failures as they are, and `last_sync_time` moved past it. */
  acceptedAt: Date | null;
}

export interface SyncRecord {
  workspace: string;
  sync: string;
  definition: SyncDefinition;
  lastSyncTime: number;
  deletedAt: Date | null;
  /** The newest row of its log. */
  latest: ImportRecord | null;
}

/** Why a row can fail. */
export const failureReasons = [
  'blank_key',
  'too_long',
  'invalid_email',
  'unstorable',
  'belongs_to_another',
  'already_set',
  'invalid_deleted',
  'no_such_object',
  'no_such_person',
] as const;
export type FailureReason = (typeof failureReasons)[number];

export interface FailureRecord {
  query: QueryName;
  /** From 1, in the order in which the source delivered the rows. */
  rowNumber: number;
  key: string | null;
  /** The column whose cell is at fault, and that cell's text. */
  column: string;
  value: string | null;
  reason: FailureReason;
  /** A sentence that a user can act on. */
  message: string;
  /** The person it collides with, as readable text: `id 42 (a@b.co)`. */
  collidesWith: string | null;
  written: 'none' | 'attributes' | 'person';
  /** The row as it came: JSON text, columns in the query's order. */
  row: string;
}

export interface FailureCount {
  query: QueryName;
  reason: FailureReason;
  count: number;
}

/** What `preview` says of one row. */
export interface RowVerdict {
  rowNumber: number;
  verdict: Outcome;
  failure: Pick<FailureRecord, 'column' | 'value' | 'reason' | 'message' | 'collidesWith' | 'written'> | null;
  /** The row as it came: JSON text, columns in the query's order. */
  row: string;
}
