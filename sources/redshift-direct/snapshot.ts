import { isDeepStrictEqual } from 'node:util';
import type { Readable } from 'node:stream';
import type { Server } from '../postgres/server.js';
import type { Session } from '../postgres/session.js';
import type { UserQuery } from '../postgres/user-query.js';
import { ofRelationshipQuery, SourceError } from '../source-error.js';
import type { Column, QueryName, Snapshot, SnapshotRequest } from '../source.js';
import { CursorRows } from './cursor-rows.js';
import { describeInCluster, queryForCluster } from './describe.js';
import { isOverSingleNodeLimit, singleNodeRows, type FetchSize } from './fetch-size.js';
import { begin, settle } from './settings.js';
import { redshiftError } from './statement-error.js';

const snapshotName = 'inlet: read-only snapshot';

export interface RedshiftSnapshotRequest extends SnapshotRequest {
  readOnly: boolean;
  /** Shared by all snapshots of a cluster, so that only the first one has to find it out. */
  fetchSize: FetchSize;
}

/** One transaction in which two queries see the same state of the cluster. */
export class RedshiftSnapshot implements Snapshot {
  readonly encoding = 'UTF8';
  readonly #session: Session;
  readonly #name: string;
  readonly #server: Server;
  readonly #request: RedshiftSnapshotRequest;
  readonly #signal: AbortSignal;
  readonly #described = new Map<QueryName, Promise<Column[]>>();
  /** When the cursor that is open, and those that wait, will be closed. */
  #cursors: Promise<void> = Promise.resolve();
  #cursorsBegun = 0;
  /** Set once rows were asked for in a number that would not show what the cluster takes. */
  #small = false;

  private constructor(
    session: Session,
    server: Server,
    request: RedshiftSnapshotRequest,
    signal: AbortSignal,
  ) {
    this.#session = session;
    this.#name = server.address.name;
    this.#server = server;
    this.#request = request;
    this.#signal = signal;
  }

  /** @throws SourceError; the signal's reason if it is aborted */
  static async open(
    server: Server,
    request: RedshiftSnapshotRequest,
    signal: AbortSignal,
  ): Promise<RedshiftSnapshot> {
    const { address } = server;
    const session = await server.connect(signal);
    try {
      await settle(session, request.queryTimeoutMs, snapshotName);
      await begin(session, request.readOnly);
      return new RedshiftSnapshot(session, server, request, signal);
    } catch (error) {
      await session.close();
      signal.throwIfAborted();
      const timeoutMs = request.queryTimeoutMs;
      throw redshiftError(error, { address, phase: 'connect', timeoutMs, timedOut: false });
    }
  }

  columns(name: QueryName): Promise<Column[]> {
    const described = this.#described.get(name) ?? this.#describe(name);
    this.#described.set(name, described);
    return described;
  }

  async rows(name: QueryName, limit?: number): Promise<Readable> {
    // Only what was parsed alone may follow our DECLARE, and an error of either query must come before any row.
    for (const one of this.#names) await this.columns(one);
    const { statement } = this.#query(name);
    if (limit !== undefined) this.#small = true;
    return new CursorRows(this.#session, {
      statement: limit === undefined ? statement : `SELECT * FROM (\n${statement}\n) q LIMIT ${limit}`,
      fetchSize: () => (this.#small ? singleNodeRows : this.#request.fetchSize.rows),
      turn: (finished) => this.#turn(finished),
      recover: (error) => this.#recover(error),
      explain: (error, startedAt) => this.#explain(name, 'read', error, startedAt),
    });
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  get #names(): QueryName[] {
    return this.#request.relationships === undefined ? ['main'] : ['main', 'relationships'];
  }

  #turn(finished: Promise<void>): Promise<void> {
    this.#cursorsBegun += 1;
    const before = this.#cursors;
    this.#cursors = before.then(() => finished);
    return before;
  }

  /**
   * Whether the first cursor of all failed only for asking for too much at once. An error ends the transaction (Redshift
   * has no savepoints) and with it the snapshot, so that is taken anew.
   */
  async #recover(error: unknown): Promise<boolean> {
    const { fetchSize, readOnly } = this.#request;
    if (this.#cursorsBegun > 1 || !isOverSingleNodeLimit(error)) return false;
    fetchSize.rows = singleNodeRows;
    await this.#session.execute('ROLLBACK');
    await begin(this.#session, readOnly);
    for (const name of this.#names) {
      const before = await this.columns(name);
      this.#described.delete(name);
      if (!isDeepStrictEqual(await this.columns(name), before)) throw this.#columnsChanged();
    }
    return true;
  }

  #columnsChanged(): SourceError {
    return new SourceError({
      message: `The columns of the query changed in database "${this.#name}" while it was about to be read.`,
      phase: 'read',
      retryable: true,
    });
  }

  async #describe(name: QueryName): Promise<Column[]> {
    const startedAt = Date.now();
    try {
      return await describeInCluster(this.#session, this.#query(name));
    } catch (error) {
      throw this.#explain(name, 'describe', error, startedAt);
    }
  }

  #query(name: QueryName): UserQuery {
    const written = name === 'main' ? this.#request.main : this.#request.relationships;
    if (written === undefined) throw new Error(`This snapshot has no ${name} query.`);
    return queryForCluster(written, this.#request.lastSyncTime);
  }

  #explain(name: QueryName, phase: 'describe' | 'read', error: unknown, startedAt: number): Error {
    const explained = this.#explainQuery(phase, error, startedAt);
    return name === 'main' ? explained : asError(ofRelationshipQuery(explained));
  }

  #explainQuery(phase: 'describe' | 'read', error: unknown, startedAt: number): Error {
    if (this.#signal.aborted) return asError(this.#signal.reason);
    if (error instanceof SourceError) return error;
    if (this.#session.closing) {
      const message = `What was read from database "${this.#name}" ended early, for it was closed.`;
      return new SourceError({ message, phase, retryable: true });
    }
    const timeoutMs = this.#request.queryTimeoutMs;
    const timedOut = Date.now() - startedAt >= timeoutMs;
    const { address } = this.#server;
    return redshiftError(error, { address, phase, timeoutMs, timedOut });
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
