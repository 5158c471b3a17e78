/** What was being done when a source failed. */
export type SourcePhase = 'connect' | 'describe' | 'start time' | 'read';

export interface SourceErrorDetails {
  /** Our own sentence: what happened, to what, and what to do. Holds no row, no password, no connection string. */
  message: string;
  phase: SourcePhase;
  /** True for what may pass by itself: lost connections, too many clients, deadlocks, servers that start. */
  retryable: boolean;
  /** The database's five-character code, where it gave one. */
  sqlstate?: string;
  /**
   * What the database itself said. While rows are read it can quote a cell: then it belongs in the import log only,
   * never in Temporal, a log line or a terminal that did not ask for it.
   */
  databaseMessage?: string;
  /** Where in the user's query, from 1. */
  position?: { line: number; column: number };
}

/**
 * A source could not do what it was asked; `message` is fit for every reader. What the database said is behind a
 * getter, so that nothing that prints an error's own properties (loggers do) prints it.
 */
export class SourceError extends Error {
  readonly phase: SourcePhase;
  readonly retryable: boolean;
  readonly sqlstate: string | undefined;
  readonly #databaseMessage: string | undefined;
  readonly position: { line: number; column: number } | undefined;

  constructor(details: SourceErrorDetails, cause?: unknown) {
    super(details.message, cause === undefined ? undefined : { cause });
    this.name = 'SourceError';
    this.phase = details.phase;
    this.retryable = details.retryable;
    this.sqlstate = details.sqlstate;
    this.#databaseMessage = details.databaseMessage;
    this.position = details.position;
  }

  get databaseMessage(): string | undefined {
    return this.#databaseMessage;
  }
}

/** An error of a sync's second query, which says so; any other is given as it is. */
export function ofRelationshipQuery(error: unknown): unknown {
  const isOfQuery = error instanceof SourceError && (error.phase === 'describe' || error.phase === 'read');
  if (!isOfQuery) return error;
  const { phase, retryable, sqlstate, databaseMessage, position } = error;
  return new SourceError(
    {
      message: `Relationship query: ${error.message}`,
      phase,
      retryable,
      ...(sqlstate !== undefined && { sqlstate }),
      ...(databaseMessage !== undefined && { databaseMessage }),
      ...(position !== undefined && { position }),
    },
    error.cause,
  );
}
