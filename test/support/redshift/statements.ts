import { invalid, noResult, notFound, tooMany } from './api-error.js';
import { cancel, execute, type ExecutionOptions } from './execution.js';
import type { Lease } from './sessions.js';
import { Statement, type Part, type StatementRequest } from './statement.js';

export interface StatementQuotas {
  active: number;
  resultRetentionMs: number;
  clientTokenRetentionMs: number;
}

/** The statements that the service knows of, and those of them that run. */
export class Statements {
  readonly #known = new Map<string, Statement>();
  readonly #expired = new Set<string>();
  readonly #running = new Map<Statement, { lease: Lease; done: Promise<void> }>();

  constructor(
    private readonly quotas: StatementQuotas,
    private readonly execution: ExecutionOptions,
  ) {}

  all(): Statement[] {
    return [...this.#known.values()];
  }

  /** The statement that an earlier request with this token made. */
  ofToken(token: string): Statement | undefined {
    const since = Date.now() - this.quotas.clientTokenRetentionMs;
    const statement = this.all().findLast(
      ({ submission, createdAt }) => submission.ClientToken === token && createdAt > since,
    );
    if (statement) statement.submissions += 1;
    return statement;
  }

  /** @throws ApiError ActiveStatementsExceededException */
  checkQuota(): void {
    const active = this.all().filter(({ hasEnded }) => !hasEnded).length;
    if (active >= this.quotas.active) throw tooMany('Statements', this.quotas.active);
  }

  /** A statement that ends without having run. */
  stillborn(request: StatementRequest, status: 'FAILED' | 'ABORTED', error?: string): Statement {
    const statement = this.#add(request);
    statement.abandon(status, error);
    return statement;
  }

  run(request: StatementRequest, lease: Lease): Statement {
    const statement = this.#add(request);
    statement.sessionId = lease.sessionId;
    const done = this.#execute(statement, lease).finally(() => this.#running.delete(statement));
    this.#running.set(statement, { lease, done });
    return statement;
  }

  /** @throws ApiError ResourceNotFoundException */
  find(id: string): { statement: Statement; part: Part | undefined } {
    const [own = ''] = id.split(':');
    const statement = this.#known.get(own);
    const part = statement?.parts.find((candidate) => candidate.id === id);
    const expired = !statement || this.#hasExpired(statement);
    if (expired || (id !== own && !part)) throw notFound('Query does not exist.', id);
    return { statement, part };
  }

  /** @throws ApiError ResourceNotFoundException for the id of a batch too: its entries have the results */
  findPart(id: string): Part {
    const { part } = this.find(id);
    if (!part) throw noResult(id);
    return part;
  }

  /** @throws ApiError where it has ended, or is part of another */
  async cancel(id: string): Promise<void> {
    const { statement } = this.find(id);
    if (id !== statement.id) throw invalid('A sub-statement cannot be canceled: cancel the batch.');
    if (statement.hasEnded) {
      throw invalid(`Could not cancel a query that is already in ${statement.status} state with ID: ${id}`);
    }
    statement.cancelRequested = true;
    const connection = await this.#running.get(statement)?.lease.connection.catch(() => null);
    if (connection) await cancel(statement, connection);
  }

  expire(id: string): void {
    this.#expired.add(id);
  }

  async close(): Promise<void> {
    for (const [{ id, hasEnded }] of this.#running)
      if (!hasEnded) await this.cancel(id).catch(() => undefined);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #add(request: StatementRequest): Statement {
    const statement = new Statement(request);
    this.#known.set(statement.id, statement);
    return statement;
  }

  #hasExpired({ id, createdAt }: Statement): boolean {
    return this.#expired.has(id) || Date.now() - createdAt > this.quotas.resultRetentionMs;
  }

  async #execute(statement: Statement, lease: Lease): Promise<void> {
    try {
      const connection = await lease.connection;
      if (statement.cancelRequested) statement.abandon('ABORTED');
      else await execute(statement, connection, this.execution);
    } catch (error) {
      statement.abandon('FAILED', error instanceof Error ? error.message : String(error));
    }
    await statement.cancelling;
    await lease.release();
  }
}
