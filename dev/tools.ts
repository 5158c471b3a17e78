import type { Environment } from '../config/environment.js';
import type { WorkspaceFile } from '../config/workspace-file.js';
import type { FailureCount, ImportRecord, ImportRef } from '../store/records.js';

/** What `inlet dev` takes from the command line's room, so that imports look as they do in every other command. */
export interface Tools {
  /** As `inlet apply` does; throws what it would say. */
  apply(environment: Environment, file: WorkspaceFile, sync: string): Promise<void>;
  /** Waits until an import that has ended in the log is closed in Temporal as well. */
  closed(environment: Environment, ref: ImportRef): Promise<void>;
  /** A bar where stdout is a terminal, else lines now and then. */
  createProgress(): { show(record: ImportRecord): void; stop(): void };
  /** A table of outcomes, and one of failed rows by reason. */
  outcomeText(record: ImportRecord, failures: readonly FailureCount[]): string;
  /** One import on one line. */
  importLine(record: ImportRecord): string;
}
