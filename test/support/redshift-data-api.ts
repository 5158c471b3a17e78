import { ApiError, denied } from './redshift/api-error.js';
import { FaultQueue, type Fault } from './redshift/faults.js';
import { pause, Reset, serveJson, type JsonRequest } from './redshift/http-server.js';
import { inputs, type Operation } from './redshift/inputs.js';
import { operations, type Handler } from './redshift/operations.js';
import { RateLimit, type Rates } from './redshift/rate-limit.js';
import { Sessions } from './redshift/sessions.js';
import type { Mode, Part, Statement, Status } from './redshift/statement.js';
import { Statements } from './redshift/statements.js';

export { faults, type Fault } from './redshift/faults.js';
export type { Operation } from './redshift/inputs.js';
export { AWS_RATES } from './redshift/rate-limit.js';

export interface RedshiftDataApiOptions {
  /** The PostgreSQL that runs the SQL; `Database` and `DbUser` of a request change nothing. */
  databaseUrl: string;
  /** Any free one unless told. */
  port?: number;
  /** A page ends with the row that reaches either; 1,000 rows and 1 MB unless told. */
  pageRows?: number;
  pageBytes?: number;
  /** Whether one text may hold several statements, of which the last gives the result; not unless told. */
  severalStatements?: boolean;
  /** Operations that answer with AccessDeniedException. */
  denied?: readonly Operation[];
  /** Requests a second, such as AWS_RATES; without a limit unless told. */
  rates?: Rates;
  /** 500 unless told, as on AWS. */
  maxActiveStatements?: number;
  /** 500 unless told, as on AWS. */
  maxSessions?: number;
  /** Of DescribeStatement and GetStatementResult; AWS does not tell its number, and here there is none unless told. */
  maxWaitingRequests?: number;
  /** Of one SQL text; 100 KB unless told. */
  maxStatementBytes?: number;
  /** How long a statement and its result are known; 24 hours unless told. */
  resultRetentionMs?: number;
  /** How long a ClientToken leads to its statement; 8 hours unless told. */
  clientTokenRetentionMs?: number;
}

export interface RecordedRequest {
  operation: string;
  input: unknown;
}

export interface RecordedStatement {
  id: string;
  clientToken: string | undefined;
  mode: Mode;
  status: Status;
  error: string | undefined;
  /** How many requests were answered with this statement: more than one where a ClientToken was repeated. */
  submissions: number;
  /** The SQL texts: one, or those of the batch. */
  parts: { id: string; sql: string; status: Status; error: string | undefined; executions: number }[];
}

export interface RedshiftDataApi {
  endpoint: string;
  /** Every request with a signature, also those that were answered with a fault, and the retries of the client. */
  requests: readonly RecordedRequest[];
  /** In the order they were made. */
  statements(): RecordedStatement[];
  /**
   * Lets the next requests of an operation go wrong, after those that were asked for before.
   *
   * @param times how many requests; the client's own retries count
   */
  fail(operation: Operation, fault: Fault, times?: number): void;
  clearFaults(): void;
  /** Forgets a statement and its result, as after 24 hours. */
  expire(statementId: string): void;
  /** Cancels what runs, and leaves no connection to PostgreSQL behind. */
  close(): Promise<void>;
}

/** Starts the Amazon Redshift Data API on 127.0.0.1, with PostgreSQL in the place of Redshift. */
export async function startRedshiftDataApi(options: RedshiftDataApiOptions): Promise<RedshiftDataApi> {
  const requests: RecordedRequest[] = [];
  const queue = new FaultQueue();
  const rateLimit = new RateLimit(options.rates ?? {});
  const sessions = new Sessions(options.databaseUrl, options.maxSessions ?? 500);
  const statements = new Statements(
    {
      active: options.maxActiveStatements ?? 500,
      resultRetentionMs: options.resultRetentionMs ?? 24 * 3_600_000,
      clientTokenRetentionMs: options.clientTokenRetentionMs ?? 8 * 3_600_000,
    },
    {
      limits: { rows: options.pageRows ?? 1000, bytes: options.pageBytes ?? 1_000_000 },
      several: options.severalStatements ?? false,
    },
  );
  const handlers = operations({
    statements,
    sessions,
    maxStatementBytes: options.maxStatementBytes ?? 100 * 1024,
    maxWaitingRequests: options.maxWaitingRequests ?? Infinity,
  });

  const answer = async ({ operation, input, gone }: JsonRequest): Promise<string> => {
    requests.push({ operation, input });
    if (!isOperation(operation)) {
      throw new ApiError(
        'UnknownOperationException',
        400,
        `${operation} is not an operation of this double.`,
      );
    }
    rateLimit.admit(operation);
    if (options.denied?.includes(operation)) throw denied(operation);
    const fault = queue.take(operation);
    return withFault(fault, gone, () => handlers[operation]({ input, fault, gone }));
  };

  const server = await serveJson(answer, options.port);
  return {
    endpoint: server.url,
    requests,
    statements: () => statements.all().map(recorded),
    fail: (operation, fault, times = 1) => queue.add(operation, fault, times),
    clearFaults: () => queue.clear(),
    expire: (statementId) => statements.expire(statementId),
    close: async () => {
      await server.close();
      await statements.close();
      await sessions.close();
    },
  };
}

const isOperation = (name: string): name is Operation => Object.hasOwn(inputs, name);

async function withFault(
  fault: Fault | undefined,
  gone: AbortSignal,
  work: () => ReturnType<Handler>,
): Promise<string> {
  if (fault?.kind === 'error') throw fault.error;
  if (fault?.kind === 'delay') await pause(fault.ms, gone);
  if (fault?.kind === 'reset' && fault.when === 'before') throw new Reset();
  const answer = await work();
  if (fault?.kind === 'reset') throw new Reset();
  return answer;
}

const recorded = ({
  id,
  submission,
  mode,
  status,
  error,
  submissions,
  parts,
}: Statement): RecordedStatement => ({
  ...{ id, clientToken: submission.ClientToken, mode, status, error, submissions },
  parts: parts.map(recordedPart),
});

const recordedPart = ({ id, sql, status, error, executions }: Part) => ({
  id,
  sql,
  status,
  error,
  executions,
});
