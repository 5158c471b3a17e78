import { invalid, noResult, tooMany } from './api-error.js';
import { translate } from './dialect.js';
import type { Fault } from './faults.js';
import { checkTarget, inputs, parse, type Operation, type Submission } from './inputs.js';
import { nextToken, pageOf } from './result-set.js';
import type { Sessions } from './sessions.js';
import type { Mode, Statement } from './statement.js';
import type { Statements } from './statements.js';

export interface Service {
  statements: Statements;
  sessions: Sessions;
  maxStatementBytes: number;
  maxWaitingRequests: number;
}

export interface Call {
  input: unknown;
  fault: Fault | undefined;
  /** Aborted when the client has gone: nobody waits then. */
  gone: AbortSignal;
}

/** Answers with the JSON of the body. */
export type Handler = (call: Call) => Promise<string>;

export function operations(service: Service): Record<Operation, Handler> {
  const { statements, sessions } = service;
  let waiting = 0;

  const submit = async (submission: Submission, sqls: readonly string[], mode: Mode, call: Call) => {
    checkTarget(submission);
    checkTexts(sqls, submission, service.maxStatementBytes);
    const statement = statementOf(submission, sqls, mode, call.fault);
    await untilEnded(statement, submission.WaitTimeSeconds, call.gone);
    return JSON.stringify(statement.receipt());
  };

  const statementOf = (
    submission: Submission,
    sqls: readonly string[],
    mode: Mode,
    fault?: Fault,
  ): Statement => {
    const { ClientToken, SessionId, SessionKeepAliveSeconds } = submission;
    const known = ClientToken === undefined ? undefined : statements.ofToken(ClientToken);
    if (known) return known;
    statements.checkQuota();
    const request = { submission, sqls, mode };
    if (fault?.kind === 'ends') return statements.stillborn(request, fault.status, fault.error);
    return statements.run(request, sessions.lease(SessionId, SessionKeepAliveSeconds));
  };

  /** The quota on waiting requests counts those that only wait, and not those that submit. */
  const wait = async (on: Waitable, seconds: number | undefined, gone: AbortSignal) => {
    if (on.hasEnded || !seconds) return;
    if (waiting >= service.maxWaitingRequests) throw tooMany('WaitingRequests', service.maxWaitingRequests);
    waiting += 1;
    await untilEnded(on, seconds, gone).finally(() => (waiting -= 1));
  };

  return {
    ExecuteStatement: (call) => {
      const { Sql, ...submission } = parse(inputs.ExecuteStatement, call.input);
      return submit(submission, [Sql], 'SINGLE', call);
    },

    BatchExecuteStatement: (call) => {
      const { Sqls, ExecutionMode, ...submission } = parse(inputs.BatchExecuteStatement, call.input);
      return submit(submission, Sqls, ExecutionMode, call);
    },

    DescribeStatement: async ({ input, fault, gone }) => {
      const { Id, WaitTimeSeconds } = parse(inputs.DescribeStatement, input);
      const { statement, part } = statements.find(Id);
      const described = part && part.id !== statement.id ? part : statement;
      if (fault?.kind === 'shows') {
        return JSON.stringify({ ...described.describe(), Status: fault.status });
      }
      await wait(described, WaitTimeSeconds, gone);
      return JSON.stringify(described.describe());
    },

    GetStatementResult: async ({ input, fault, gone }) => {
      const { Id, NextToken, WaitTimeSeconds } = parse(inputs.GetStatementResult, input);
      const part = statements.findPart(Id);
      if (statements.find(Id).statement.submission.ResultFormat === 'CSV') {
        throw invalid('The result format is CSV: use GetStatementResultV2.');
      }
      const page = NextToken === undefined ? 0 : pageOf(NextToken, Id);
      await wait(part, WaitTimeSeconds, gone);
      const { resultSet } = part;
      if (!resultSet) throw noResult(Id);
      const empty = fault?.kind === 'emptyPage';
      const following = resultSet.hasPage(page + 1) ? nextToken(Id, page + 1) : undefined;
      const token =
        fault?.kind === 'repeatedToken'
          ? (NextToken ?? nextToken(Id, page))
          : empty
            ? nextToken(Id, page)
            : following;
      const rest = JSON.stringify({
        ...(NextToken === undefined && { ColumnMetadata: resultSet.columns }),
        TotalNumRows: resultSet.rows,
        NextToken: token,
      });
      // By hand: JSON.stringify would round the integers beyond 2^53 that the Records hold.
      return `{"Records":${empty ? '[]' : resultSet.page(page)},${rest.slice(1)}`;
    },

    CancelStatement: async ({ input }) => {
      const { Id } = parse(inputs.CancelStatement, input);
      await statements.cancel(Id);
      return JSON.stringify({ Status: true });
    },
  };
}

interface Waitable {
  readonly hasEnded: boolean;
  readonly ended: Promise<void>;
}

async function untilEnded(on: Waitable, seconds: number | undefined, gone: AbortSignal): Promise<void> {
  if (on.hasEnded || !seconds) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    gone.addEventListener('abort', stop, { once: true });
    void on.ended.then(stop);
  });
}

function checkTexts(sqls: readonly string[], { Parameters = [] }: Submission, maxBytes: number): void {
  if (sqls.some((sql) => Buffer.byteLength(sql) > maxBytes)) {
    throw invalid(`Cannot process query string larger than ${Math.floor(maxBytes / 1024)}kB`);
  }
  const used = new Set(sqls.flatMap((sql) => [...translate(sql, true, Parameters).used]));
  const idle = Parameters.find(({ name }) => !used.has(name));
  if (idle) throw invalid(`Parameter ${idle.name} is not used by the SQL.`);
}
