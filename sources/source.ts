import type { Readable } from 'node:stream';

/** The two queries that one import reads, both in one snapshot. */
export type QueryName = 'main' | 'relationships';

/**
 * How a column's cells are staged: the store's type that reads the text which the source's COPY prints without loss.
 * Everything that is not one of the others (enum, uuid, inet, bytea, range, composite …) is `text`.
 */
export type CellType =
  | 'boolean'
  | 'bigint'
  | 'numeric'
  | 'real'
  | 'double precision'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | 'text';

export interface Column {
  /** Exactly as the query returns it. */
  name: string;
  type: CellType;
  /** True for arrays of `type`, whatever their dimensions. */
  array: boolean;
  /** The source's own name of the type, for people to read. */
  sourceType: string;
}

/** Where `last_sync_time` may move to if this import completes, and what decided it (docs/scheduling.md). */
export interface StartTime {
  /** Unix seconds, rounded down, before the sync's `overlap` is taken off; null where it must not advance. */
  seconds: number | null;
  /** What the source's own clock said, in Unix seconds, rounded down. */
  clock: number;
  /** Which bound won. */
  bound: 'clock' | 'replay' | 'open transaction' | 'prepared transaction' | 'temporal clock';
  /** What a user should know, a sentence each. */
  warnings: string[];
}

export interface SnapshotRequest {
  main: string;
  relationships?: string;
  /** What `{{last_sync_time}}` in the queries becomes; 0 where it is not given. */
  lastSyncTime?: number;
  /** Milliseconds that one query may take. */
  queryTimeoutMs: number;
  /** By it a retried attempt finds a statement that runs already. Sources that can't resume ignore it. */
  submission?: Submission;
}

/** A place that outlives an attempt, where a source notes the handle of what it has submitted. */
export interface Submission {
  /** Names the import and the query; the same for every attempt. */
  key: string;
  recall(): Promise<string | undefined>;
  remember(handle: string): Promise<void>;
  /** Whether nobody will come for what runs, if the signal is aborted for this reason: then it is cancelled. */
  abandoned(reason: unknown): boolean;
}

/** One consistent view of the source, in which each query is described and read, main query first. */
export interface Snapshot {
  columns(query: QueryName): Promise<Column[]>;
  /**
   * The rows in the order in which the source delivers them, as bytes of PostgreSQL's COPY text format in `encoding`.
   * A line feed ends a row and occurs nowhere else. At most `limit` rows where it is given.
   */
  rows(query: QueryName, limit?: number): Promise<Readable>;
  /** The encoding of the bytes that `rows` gives. `SQL_ASCII`: unknown bytes, which may not be valid UTF-8. */
  readonly encoding: 'UTF8' | 'SQL_ASCII';
  /** Ends the snapshot and gives its connection back; safe to call twice. */
  close(): Promise<void>;
}

/** One finding of `check`. */
export interface Finding {
  level: 'ok' | 'warning' | 'problem';
  /** A few words: `connects`, `TLS`, `read-only`. */
  subject: string;
  /** A sentence; for a problem also what to do. */
  message: string;
}

/** A database that syncs read from. Every method throws `SourceError`, and nothing else that a user could cause. */
export interface Source {
  readonly type: 'postgres' | 'redshift';
  /** Whether a retried attempt waits for what an earlier one has submitted: then that one's start time counts. */
  readonly resumes: boolean;
  /** Proves what can be proved of the connection; does not throw for what it finds. */
  check(signal: AbortSignal): Promise<Finding[]>;
  /**
   * Parses and describes a query (without running it) and gives its columns. Takes it as written, so that positions in
   * errors are places in that; `{{last_sync_time}}` is 0.
   */
  describe(query: string, signal: AbortSignal): Promise<Column[]>;
  /** Read in a transaction of its own, before the snapshot. */
  startTime(signal: AbortSignal): Promise<StartTime>;
  snapshot(request: SnapshotRequest, signal: AbortSignal): Promise<Snapshot>;
  /** Ends all connections. */
  close(): Promise<void>;
}
