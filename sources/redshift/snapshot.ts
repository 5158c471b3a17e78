import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { RedshiftConnection } from '../../config/workspace-file.js';
import { UserQuery } from '../postgres/user-query.js';
import { ofRelationshipQuery, SourceError } from '../source-error.js';
import type { Column, QueryName, Snapshot, SnapshotRequest, Submission } from '../source.js';
import { apiError, isNamed } from './api-error.js';
import { copyLines } from './copy-text.js';
import type { DataApi } from './data-api.js';
import { describeQueries } from './describe.js';
import { runInSession } from './run-session.js';
import { BatchDenied, failureOf, submitBatch, type Running } from './run-batch.js';
import { readHandle, writeHandle, type Handle } from './handle.js';
import { explainFailure } from './statement-error.js';
import { batchOf, reading, type Step } from './statements.js';

/** What a cluster that knows the query's limit may take beyond it, until we cancel the statement ourselves. */
const MARGIN_MS = 5 * 60_000;

/**
 * Both queries of an import, in one transaction of one batch. It is submitted once: an attempt that finds what an earlier
 * one has submitted waits for that. What is aborted is cancelled on the cluster only if nobody will come for it.
 */
export class RedshiftSnapshot implements Snapshot {
  readonly encoding = 'UTF8' as const;
  readonly #described: Promise<Map<QueryName, Column[]>>;
  readonly #recalled: Promise<Handle | undefined>;
  #submitted: Promise<Running> | undefined;
  #running: Running | undefined;

  constructor(
    private readonly api: DataApi,
    private readonly connection: RedshiftConnection,
    private readonly request: SnapshotRequest,
    private readonly signal: AbortSignal,
  ) {
    this.#recalled = this.#recall();
    this.#described = this.#describe();
    // Whoever asks for columns or rows is told; until then nobody may.
    this.#recalled.catch(() => undefined);
    this.#described.catch(() => undefined);
  }

  async columns(name: QueryName): Promise<Column[]> {
    const columns = (await this.#described).get(name);
    if (columns === undefined) throw new Error(`This snapshot has no ${name} query.`);
    return columns;
  }

  async rows(name: QueryName, limit?: number): Promise<Readable> {
    await this.columns(name);
    this.#submitted ??= this.#submit(limit);
    const { id, results } = await this.#submitted;
    const result = results[name] ?? id;
    return Readable.from(this.#lines(name, result), { objectMode: false });
  }

  /** Cancels what still runs, unless a later attempt will come for it. */
  async close(): Promise<void> {
    await this.#submitted?.catch(() => undefined);
    const { submission } = this.request;
    const abandons =
      submission === undefined || (this.signal.aborted && submission.abandoned(this.signal.reason));
    if (this.#running !== undefined && abandons)
      await this.api.cancel(this.#running.id).catch(() => undefined);
    this.#running = undefined;
  }

  async *#lines(name: QueryName, result: string): AsyncGenerator<Buffer> {
    try {
      let count = 0;
      for await (const { records } of this.api.pages(result, this.signal)) {
        if (records.length === 0) continue;
        count += records.length;
        yield copyLines(records);
      }
      await this.#mustBeAll(result, count);
    } catch (error) {
      throw this.#explained(name, error);
    }
  }

  /** A result that ends early would be taken for the whole. */
  async #mustBeAll(result: string, count: number): Promise<void> {
    const { ResultRows = -1 } = await this.api.ended(result, this.signal);
    if (ResultRows < 0 || ResultRows === count) return;
    throw new SourceError({
      message: `Database "${this.connection.name}" promised ${ResultRows} rows and gave ${count}.`,
      phase: 'read',
      retryable: true,
    });
  }

  #queries(): Map<QueryName, UserQuery> {
    const { main, relationships, lastSyncTime } = this.request;
    const queries = new Map<QueryName, UserQuery>([['main', new UserQuery(main, lastSyncTime)]]);
    if (relationships !== undefined) queries.set('relationships', new UserQuery(relationships, lastSyncTime));
    return queries;
  }

  async #recall(): Promise<Handle | undefined> {
    return readHandle(await this.request.submission?.recall());
  }

  async #describe(): Promise<Map<QueryName, Column[]>> {
    const recalled = await this.#recalled;
    if (recalled !== undefined) return new Map(recalled.columns);
    return describeQueries(this.api, this.connection, this.#queries(), this.signal);
  }

  /** Finds what runs already, or submits it, and waits for its end. */
  async #submit(limit: number | undefined): Promise<Running> {
    const recalled = await this.#recalled;
    const columns = await this.#described;
    let number = recalled?.number ?? 1;
    if (recalled !== undefined) {
      const found = await this.#finish(recalled.running).catch((error: unknown) => error);
      if (found === null) return recalled.running;
      // One that failed gives its failure again as often as its token is sent; so does one that has expired.
      const isGone = isNamed(found, 'ResourceNotFoundException');
      if (!isGone && !(found instanceof SourceError)) throw this.#explained('main', found);
      number += 1;
    }
    const running = await this.#submitAs(number, columns, limit);
    const failed = await this.#finish(running).catch((error: unknown) => this.#explained('main', error));
    if (failed !== null) throw failed;
    return running;
  }

  async #submitAs(
    number: number,
    columns: Map<QueryName, Column[]>,
    limit: number | undefined,
  ): Promise<Running> {
    const { queryTimeoutMs, submission } = this.request;
    const steps: Step[] = [...this.#queries()].map(([name, query]) => ({
      sql: reading(query.statement, columns.get(name) ?? [], limit),
      reads: name,
    }));
    const batch = batchOf(steps, queryTimeoutMs, this.connection.readOnly);
    const token = tokenOf(submission, number);
    try {
      const running = await submitBatch(this.api, batch, token, this.signal);
      this.#running = running;
      await this.#remember(submission, { number, running, columns: [...columns] });
      return running;
    } catch (error) {
      if (!(error instanceof BatchDenied)) throw this.#explained('main', error);
      const running = await runInSession(this.api, this.connection, batch, token, this.signal);
      await this.#remember(submission, { number, running, columns: [...columns] });
      return running;
    }
  }

  async #remember(submission: Submission | undefined, handle: Handle): Promise<void> {
    await submission?.remember(writeHandle(handle));
  }

  /** @returns null if it finished, else why it failed */
  async #finish(running: Running): Promise<Error | null> {
    this.#running = running;
    const limit = AbortSignal.timeout(
      Math.min(this.request.queryTimeoutMs + (running.isLimited ? MARGIN_MS : 0), 2_147_483_647),
    );
    try {
      const failed = await failureOf(this.api, running.id, AbortSignal.any([this.signal, limit]));
      this.#running = undefined;
      return failed === null ? null : explainFailure(failed, { connection: this.connection, phase: 'read' });
    } catch (error) {
      if (!limit.aborted || this.signal.aborted) throw error;
      await this.api.cancel(running.id);
      const message = `The query on database "${this.connection.name}" took longer than its queryTimeout, and was cancelled.`;
      return new SourceError({ message, phase: 'read', retryable: false });
    }
  }

  #explained(name: QueryName, error: unknown): Error {
    if (this.signal.aborted) return asError(this.signal.reason);
    const explained = apiError(error, this.connection, 'read');
    return name === 'main' ? explained : asError(ofRelationshipQuery(explained));
  }
}

/** At most 64 characters, the same for every attempt of one submission; a preview's is its own. */
function tokenOf(submission: Submission | undefined, number: number): string {
  const key = submission?.key ?? `${process.pid} ${Date.now()} ${Math.random()}`;
  return createHash('sha256').update(`${key} ${number}`).digest('hex');
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
