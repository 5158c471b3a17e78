import type {
  Accepted,
  AlertInput,
  AlertResult,
  Defined,
  DefineRequest,
  EndStatus,
  ImportInput,
  ImportResult,
  MutexRequest,
} from '../workflows/messages.js';

/**
 * What workflows may ask for. Arguments and results are in Temporal's history: they hold counts and names, never a row
 * or a credential. Every failure is an ApplicationFailure with a type from `failures.ts`.
 */
export interface Activities {
  /**
   * Checks a definition on arrival: the worker has its database, the query parses alone and gives usable columns, the
   * settings fit the people that exist. Then saves both. Refuses with `DefinitionRefused`, and nothing is changed.
   */
  defineSync(request: DefineRequest): Promise<DefinedSync>;
  /**
   * Signals the request to the workspace's mutex (starting it if need be), and then fails retryably with
   * `StillWaiting`, so that Temporal asks again; it is meant to be cancelled when the answer has come.
   */
  askForWorkspace(input: { workspace: string; request: MutexRequest }): Promise<never>;
  /** Returns once the import's workflow is closed, or isn't there; until then fails retryably with `StillRunning`. */
  awaitClosed(importId: string): Promise<void>;
  /**
   * Makes the import the workspace's active one and writes its row of the log. Repeated, it gives the same key.
   * `WorkspaceTaken` (retryable) while another import is active and open.
   */
  openImport(input: ImportInput & { grantedAt: number }): Promise<OpenedImport>;
  /** Copies the results of the queries into staging tables. */
  stageQuery(key: ImportKey): Promise<StagedRows>;
  /** Finds what is superseded and contested, and writes the ledger of chunks. */
  planChunks(key: ImportKey): Promise<PlannedChunks>;
  /**
   * Applies chunks from the ledger, one transaction each, until none is left: those of the relationship query last.
   * Several may run at once.
   */
  applyChunks(key: ImportKey): Promise<void>;
  /** Adds the chunks up, sets the status, drops staging. Repeated, it gives the same result. */
  closeImport(input: { key: ImportKey; ending: Ending }): Promise<ImportResult>;
  /**
   * Writes the row of an import that never had the workspace. Repeated, it is the same row. If the log has this number
   * already, that row stands and its result is given; one that is still `Running` is closed as this entry says.
   */
  logUnopened(input: UnopenedImport): Promise<ImportResult>;
  /**
   * Moves the sync's `last_sync_time` in the store past an import whose failures the user takes as they are. Repeated, it
   * gives the same. Refuses with `AcceptRefused`, and nothing is changed.
   */
  acceptImport(input: { workspace: string; sync: string; number: number }): Promise<AcceptedImport>;
  /** Whether the namespace has Inlet's search attributes at this moment; false where that can't be found out. */
  searchAttributesExist(): Promise<boolean>;
  /**
   * Posts an alert of the outbox, and notes how it went. Fails retryably with `AlertNotDelivered` until it is accepted or a
   * day old. Repeated, an alert that is settled is not posted again.
   */
  deliverAlert(alert: AlertInput): Promise<AlertResult>;
  /** After delete: the log stays, the numbers go on, `last_sync_time` is 0. */
  forgetSync(input: { workspace: string; sync: string }): Promise<void>;
}

/** The import's key in the store. */
export type ImportKey = string;

export interface OpenedImport {
  key: ImportKey;
  /** True if the namespace has Inlet's search attributes. */
  searchable?: true;
}

export interface StagedRows {
  rows: number;
  /** Rows of the relationship query, if there is one. */
  relationships?: number;
}

export interface PlannedChunks {
  chunks: number;
  /** How many `applyChunks` are worth running at once. */
  lanes: number;
}

export interface DefinedSync extends Defined {
  /** The next import number and `last_sync_time`, as the store has them after the change. */
  nextNumber: number;
  lastSyncTime: number;
}

/** What accepting an import changed, `last_sync_time` in Unix seconds. */
export type AcceptedImport = Omit<Accepted, 'startedBefore'>;

/** How an opened import came to its end. */
export type Ending =
  { kind: 'applied' } | { kind: 'failed'; reason: string } | { kind: 'canceled'; reason: string };

export interface UnopenedImport {
  input: ImportInput;
  status: Extract<EndStatus, 'Skipped' | 'Canceled' | 'Failed'>;
  reason: string;
  /** How many intervals the entry stands for: more than one after an outage. */
  intervals: number;
}
