import type { Readable } from 'node:stream';
import { ofRelationshipQuery, SourceError } from '../source-error.js';
import type { Column, QueryName, Snapshot, SnapshotRequest } from '../source.js';
import type { Address } from './address.js';
import { CopiedRows } from './copied-rows.js';
import { describeQuery } from './describe.js';
import type { Server } from './server.js';
import type { Session } from './session.js';
import { statementError } from './statement-error.js';
import { begin, type Encoding } from './transaction.js';
import { UserQuery } from './user-query.js';

/** By this name the start time's query knows a transaction of ours, which will never write. */
export const snapshotName = 'inlet: read-only snapshot';

/** One transaction in which two queries see the same state of the database. */
export class PostgresSnapshot implements Snapshot {
  readonly encoding: Encoding;
  readonly #session: Session;
  readonly #address: Address;
  readonly #request: SnapshotRequest;
  readonly #signal: AbortSignal;
  readonly #described = new Map<QueryName, Promise<Column[]>>();

  private constructor(
    session: Session,
    encoding: Encoding,
    address: Address,
    request: SnapshotRequest,
    signal: AbortSignal,
  ) {
    this.#session = session;
    this.encoding = encoding;
    this.#address = address;
    this.#request = request;
    this.#signal = signal;
  }

  /** @throws SourceError; the signal's reason if it is aborted */
  static async open(
    server: Server,
    request: SnapshotRequest,
    signal: AbortSignal,
  ): Promise<PostgresSnapshot> {
    const { address } = server;
    const session = await server.connect(signal);
    try {
      const encoding = await begin(session, {
        isolation: 'REPEATABLE READ',
        timeoutMs: request.queryTimeoutMs,
        applicationName: snapshotName,
      });
      return new PostgresSnapshot(session, encoding, address, request, signal);
    } catch (error) {
      await session.close();
      signal.throwIfAborted();
      const timeoutMs = request.queryTimeoutMs;
      throw statementError(error, { address, phase: 'connect', timeoutMs, timedOut: false });
    }
  }

  columns(name: QueryName): Promise<Column[]> {
    const described = this.#described.get(name) ?? this.#describe(name);
    this.#described.set(name, described);
    return described;
  }

  async rows(name: QueryName, limit?: number): Promise<Readable> {
    // Only what was parsed alone may go between our parentheses.
    await this.columns(name);
    const { statement } = this.#query(name);
    const query = limit === undefined ? statement : `SELECT * FROM (\n${statement}\n) q LIMIT ${limit}`;
    return new CopiedRows(this.#session, query, (error, startedAt) =>
      this.#explain(name, 'read', error, startedAt),
    );
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async #describe(name: QueryName): Promise<Column[]> {
    const startedAt = Date.now();
    try {
      return await describeQuery(this.#session, this.#query(name), this.encoding);
    } catch (error) {
      throw this.#explain(name, 'describe', error, startedAt);
    }
  }

  #query(name: QueryName): UserQuery {
    const written = name === 'main' ? this.#request.main : this.#request.relationships;
    if (written === undefined) throw new Error(`This snapshot has no ${name} query.`);
    return new UserQuery(written, this.#request.lastSyncTime);
  }

  #explain(name: QueryName, phase: 'describe' | 'read', error: unknown, startedAt: number): Error {
    const explained = this.#explainQuery(phase, error, startedAt);
    return name === 'main' ? explained : asError(ofRelationshipQuery(explained));
  }

  #explainQuery(phase: 'describe' | 'read', error: unknown, startedAt: number): Error {
    if (this.#signal.aborted) return asError(this.#signal.reason);
    if (this.#session.closing) {
      const message = `What was read from database "${this.#address.name}" ended early, for it was closed.`;
      return new SourceError({ message, phase, retryable: true });
    }
    const timeoutMs = this.#request.queryTimeoutMs;
    const timedOut = Date.now() - startedAt >= timeoutMs;
    return statementError(error, { address: this.#address, phase, timeoutMs, timedOut });
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
