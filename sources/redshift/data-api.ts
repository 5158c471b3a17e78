import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
  type ColumnMetadata,
  type DescribeStatementResponse,
  type Field,
} from '@aws-sdk/client-redshift-data';
import { setTimeout as sleep } from 'node:timers/promises';
import { setUnlessSet } from '../../config/environment.js';
import type { RedshiftConnection } from '../../config/workspace-file.js';
import { isNamed } from './api-error.js';

/** The longest that the service waits for a statement before it answers. */
const WAIT_SECONDS = 20;
/** Where it lets nobody wait any more, we ask now and then. */
const ASK_EVERY_MS = 2_000;
/** Of the client's own attempts: throttling, 5xx and lost connections. */
const ATTEMPTS = 8;

/** Where and as whom statements run; none of it where a session is named. */
type Target = Pick<
  ConstructorParameters<typeof ExecuteStatementCommand>[0],
  'ClusterIdentifier' | 'WorkgroupName' | 'Database' | 'DbUser' | 'SecretArn'
>;

/** A page of a result. Columns come with the first one only. */
export interface Page {
  columns: ColumnMetadata[];
  records: Field[][];
}

/**
 * The operations of the Redshift Data API that we use, on one database.
 * https://docs.aws.amazon.com/redshift-data/latest/APIReference/Welcome.html
 */
export class DataApi {
  readonly #client: RedshiftDataClient;
  readonly #target: Target;

  constructor({ region, endpoint, target, database, secretArn }: RedshiftConnection) {
    // Which versions of Node.js later versions of the client will need is for those who upgrade it, not for users.
    setUnlessSet('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
    this.#client = new RedshiftDataClient({
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
      maxAttempts: ATTEMPTS,
    });
    this.#target = {
      Database: database,
      ...('cluster' in target
        ? {
            ClusterIdentifier: target.cluster,
            ...(target.dbUser !== undefined && { DbUser: target.dbUser }),
          }
        : { WorkgroupName: target.workgroup }),
      ...(secretArn !== undefined && { SecretArn: secretArn }),
    };
  }

  /**
   * Submits statements that run one after the other on one connection, each committed by itself.
   * @param token the same token gives the same statements: nothing is submitted twice
   * @returns the id of all of them; each one's own is `<id>:<n>`, from 1
   */
  async submitBatch(statements: string[], token: string, signal: AbortSignal): Promise<string> {
    const { Id } = await this.#client.send(
      new BatchExecuteStatementCommand({
        ...this.#target,
        Sqls: statements,
        ExecutionMode: 'AUTO_COMMIT',
        ClientToken: token,
        StatementName: 'inlet',
      }),
      { abortSignal: signal },
    );
    return present(Id, 'an id');
  }

  /** Submits one statement, in a session if one is named, or in one that is begun and kept for so many seconds. */
  async submit(
    statement: string,
    token: string,
    signal: AbortSignal,
    session: { id: string } | { keepSeconds: number } | undefined,
  ): Promise<{ id: string; session: string | undefined }> {
    const { Id, SessionId } = await this.#client.send(
      new ExecuteStatementCommand({
        ...(session !== undefined && 'id' in session ? { SessionId: session.id } : this.#target),
        ...(session !== undefined &&
          'keepSeconds' in session && { SessionKeepAliveSeconds: session.keepSeconds }),
        Sql: statement,
        ClientToken: token,
        StatementName: 'inlet',
      }),
      { abortSignal: signal },
    );
    return { id: present(Id, 'an id'), session: SessionId };
  }

  /** Waits until a statement has come to an end, whatever end. */
  async ended(id: string, signal: AbortSignal): Promise<DescribeStatementResponse> {
    let waits = true;
    for (;;) {
      const description = await this.#describe(id, waits, signal);
      if (description === 'too many wait') waits = false;
      else if (endings.has(description.Status ?? '')) return description;
      // A status that nobody has documented was seen; the statement goes on.
      if (!waits || description === 'too many wait' || !running.has(description.Status ?? ''))
        await sleep(ASK_EVERY_MS, undefined, { signal });
    }
  }

  async #describe(
    id: string,
    waits: boolean,
    signal: AbortSignal,
  ): Promise<DescribeStatementResponse | 'too many wait'> {
    const input = { Id: id, ...(waits && { WaitTimeSeconds: WAIT_SECONDS }) };
    try {
      return await this.#client.send(new DescribeStatementCommand(input), { abortSignal: signal });
    } catch (error) {
      if (isNamed(error, 'ActiveWaitingRequestsExceededException')) return 'too many wait';
      throw error;
    }
  }

  /**
   * The pages of a statement's result, in their order.
   * @throws Error if the service gives a page twice
   */
  async *pages(id: string, signal: AbortSignal): AsyncGenerator<Page> {
    let token: string | undefined;
    const seen = new Set<string>();
    do {
      const page = await this.#client.send(
        new GetStatementResultCommand({ Id: id, ...(token !== undefined && { NextToken: token }) }),
        { abortSignal: signal },
      );
      yield { columns: page.ColumnMetadata ?? [], records: page.Records ?? [] };
      token = page.NextToken === '' ? undefined : page.NextToken;
      if (token !== undefined && seen.has(token)) throw new RepeatedPage();
      if (token !== undefined) seen.add(token);
    } while (token !== undefined);
  }

  /** Cancels a statement; that it has ended by itself meanwhile is no error. */
  async cancel(id: string): Promise<void> {
    try {
      await this.#client.send(new CancelStatementCommand({ Id: id }), {
        abortSignal: AbortSignal.timeout(10_000),
      });
    } catch (error) {
      if (!(error instanceof Error && /already in \w+ state/.test(error.message))) throw error;
    }
  }

  close(): void {
    this.#client.destroy();
  }
}

const endings: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'ABORTED']);
const running: ReadonlySet<string> = new Set(['SUBMITTED', 'PICKED', 'STARTED']);

/** The service gave the token of a page that it had given before: to go on would never end. */
export class RepeatedPage extends Error {
  constructor() {
    super('The service gave the same page of a result twice.');
    this.name = 'RepeatedPage';
  }
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The Data API gave no ${what}.`);
  return value;
}
