import { randomUUID } from 'node:crypto';
import type { Parameters } from './dialect.js';
import type { Submission } from './inputs.js';
import type { ResultSet } from './result-set.js';

export type Status = 'SUBMITTED' | 'PICKED' | 'STARTED' | 'FINISHED' | 'FAILED' | 'ABORTED';

const ENDED: readonly Status[] = ['FINISHED', 'FAILED', 'ABORTED'];

/** The way from SUBMITTED to an end, which is reached once. */
class Progress {
  readonly createdAt = Date.now();
  readonly ended: Promise<void>;
  status: Status = 'SUBMITTED';
  error: string | undefined;
  updatedAt = this.createdAt;
  #startedAt = 0n;
  #durationNs = -1;
  #markEnded: () => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => (this.#markEnded = resolve));
  }

  get hasEnded(): boolean {
    return ENDED.includes(this.status);
  }

  start(): void {
    this.status = 'STARTED';
    this.updatedAt = Date.now();
    this.#startedAt = process.hrtime.bigint();
  }

  end(status: 'FINISHED' | 'FAILED' | 'ABORTED', error?: string): void {
    if (this.hasEnded) return;
    this.status = status;
    this.error = error;
    this.updatedAt = Date.now();
    if (this.#startedAt > 0n) this.#durationNs = Number(process.hrtime.bigint() - this.#startedAt);
    this.#markEnded();
  }

  /** The members that a statement and a sub-statement share; the API counts time in seconds. */
  protected progress() {
    return {
      Status: this.status,
      ...(this.error !== undefined && { Error: this.error }),
      CreatedAt: this.createdAt / 1000,
      UpdatedAt: this.updatedAt / 1000,
      Duration: this.#durationNs,
    };
  }
}

let queries = 0;

/** One SQL text: the whole of a statement, or an entry of a batch. */
export class Part extends Progress {
  readonly queryId = (queries += 1);
  readonly queryUuid = randomUUID();
  resultSet: ResultSet | null = null;
  rows = -1;
  /** How many times it went to PostgreSQL. */
  executions = 0;

  constructor(
    readonly id: string,
    readonly sql: string,
  ) {
    super();
  }

  describe() {
    return {
      ...this.progress(),
      Id: this.id,
      QueryString: this.sql,
      HasResultSet: this.resultSet !== null,
      ResultRows: this.rows,
      ResultSize: this.resultSet?.bytes ?? -1,
      RedshiftQueryId: this.queryId,
      RedshiftQueryUuid: this.queryUuid,
    };
  }
}

export type Mode = 'SINGLE' | 'TRANSACTION' | 'AUTO_COMMIT';

export interface StatementRequest {
  submission: Submission;
  sqls: readonly string[];
  mode: Mode;
}

export class Statement extends Progress {
  readonly id = randomUUID();
  readonly parts: readonly Part[];
  readonly submission: Submission;
  readonly mode: Mode;
  readonly parameters: Parameters;
  pid = 0;
  cancelRequested = false;
  /** The connection must not serve another statement before this has settled: it would be hit. */
  cancelling: Promise<unknown> = Promise.resolve();
  /** How many requests were answered with it. */
  submissions = 1;
  sessionId: string | undefined;

  constructor({ submission, sqls, mode }: StatementRequest) {
    super();
    this.submission = submission;
    this.mode = mode;
    this.parameters = submission.Parameters ?? [];
    this.parts = sqls.map((sql, at) => new Part(mode === 'SINGLE' ? this.id : `${this.id}:${at + 1}`, sql));
  }

  get hasResultSet(): boolean {
    return this.parts.some(({ resultSet }) => resultSet !== null);
  }

  /** Ends what has not ended yet without running it; only the statement itself tells the reason. */
  abandon(status: 'FAILED' | 'ABORTED', error?: string): void {
    for (const part of this.parts) {
      if (this.mode === 'SINGLE') part.end(status, error);
      else part.end('ABORTED', NOT_RUN);
    }
    this.end(status, error);
  }

  describe() {
    const { ClusterIdentifier, WorkgroupName, Database, DbUser, SecretArn } = this.submission;
    const [only] = this.parts;
    return {
      ...(this.mode === 'SINGLE'
        ? only?.describe()
        : { ResultRows: -1, ResultSize: -1, ExecutionMode: this.mode }),
      ...this.progress(),
      ...{ ClusterIdentifier, WorkgroupName, Database, DbUser, SecretArn },
      ...(this.parameters.length > 0 && { QueryParameters: this.parameters }),
      ...(this.mode !== 'SINGLE' && { SubStatements: this.parts.map((part) => part.describe()) }),
      Id: this.id,
      HasResultSet: this.hasResultSet,
      RedshiftPid: this.pid,
      ResultFormat: this.submission.ResultFormat ?? 'JSON',
      SessionId: this.sessionId,
    };
  }

  /** What ExecuteStatement and BatchExecuteStatement answer. */
  receipt() {
    const { ClusterIdentifier, WorkgroupName, Database, DbUser, SecretArn } = this.submission;
    return {
      ...{ ClusterIdentifier, WorkgroupName, Database, DbUser, SecretArn },
      Id: this.id,
      CreatedAt: this.createdAt / 1000,
      DbGroups: [],
      SessionId: this.sessionId,
      Status: this.status,
      RedshiftPid: this.pid,
      HasResultSet: this.hasResultSet,
    };
  }
}

/** What the service says of an entry of a batch that it did not come to. */
export const NOT_RUN = 'Connection or an prior query failed.';
