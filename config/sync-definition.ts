/**
 * What a sync is, as plain JSON with every default filled in. This is what goes to Temporal and into the import log,
 * so it names a database and never holds a credential. docs/configuration.md explains each key.
 */
export type Identifier = 'id' | 'email';

/** Which people a sync may write: new ones, those that exist, or both. */
export type Mode = 'add' | 'update' | 'add-and-update';

/** From which end of the prior import the interval is measured. */
export type Anchor = 'start' | 'end';

/** What an import does when another one has the workspace. */
export type WhenBusy = 'wait' | 'skip';

export interface SyncDefinition {
  workspace: string;
  /** The sync's key in the file; its name in commands and workflow ids. */
  sync: string;
  /** The sync's readable name; the key where the file gives none. */
  name: string;
  description: string;
  database: string;
  /** The interval as it was written (`6h`), and in milliseconds. */
  every: string;
  everyMs: number;
  anchor: Anchor;
  /** `unset`: what the anchor implies, which differs for the first run (docs/scheduling.md). */
  whenBusy: WhenBusy | 'unset';
  /** ISO 8601 with offset; sets the first run, and so the grid. */
  startAt?: string;
  /** Seconds by which `last_sync_time` is moved back. */
  overlapSeconds: number;
  /** More rows than this fail the import before anything is written. */
  maxRows: number;
  import: 'people';
  identifyBy: Identifier;
  mode: Mode;
  query: string;
}

/** The workspace's settings, copied into each import's row of the log when it opens. */
export interface WorkspaceSettings {
  name: string;
  identifiers: Identifier[];
  allowEmailUpdatesUsingId: boolean;
  /** How long the log is kept, in milliseconds. */
  keepImportsMs: number;
  /** How many failures of one import are kept whole. */
  keepFailures: number;
}
