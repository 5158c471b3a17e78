import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  GetStatementResultV2Command,
  RedshiftDataClient,
  type BatchExecuteStatementInput,
  type DescribeStatementResponse,
  type ExecuteStatementInput,
  type GetStatementResultResponse,
} from '@aws-sdk/client-redshift-data';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  AWS_RATES,
  faults,
  startRedshiftDataApi,
  type RedshiftDataApi,
  type RedshiftDataApiOptions,
} from '../support/redshift-data-api.js';
import { connected } from '../support/source-database.js';

const target = { WorkgroupName: 'analytics', Database: 'dev' };
const endless = 'SELECT count(*) FROM generate_series(1, 1000000000000::bigint)';

let database: TestDatabase;
let admin: pg.Client;
let api: RedshiftDataApi;
let client: RedshiftDataClient;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await createDatabase('redshift');
  admin = await connected(database.url);
  await admin.query('CREATE TABLE people (id integer); INSERT INTO people SELECT generate_series(1, 5)');
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

beforeEach(() => start());

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function start(options: Partial<RedshiftDataApiOptions> = {}): Promise<void> {
  api = await startRedshiftDataApi({ databaseUrl: database.url, ...options });
  client = clientFor(api.endpoint);
  opened.push(api);
}

/** Without the client's own retries, unless a test is about them. */
function clientFor(endpoint: string, maxAttempts = 1): RedshiftDataClient {
  const made = new RedshiftDataClient({
    ...{ endpoint, region: 'eu-central-1', maxAttempts },
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  });
  opened.push({
    close: () => {
      made.destroy();
      return Promise.resolve();
    },
  });
  return made;
}

async function execute(Sql: string, input: Partial<ExecuteStatementInput> = {}): Promise<string> {
  const place = input.SessionId === undefined ? target : {};
  const { Id } = await client.send(new ExecuteStatementCommand({ Sql, ...place, ...input }));
  return given(Id);
}

async function executeBatch(
  Sqls: string[],
  input: Partial<BatchExecuteStatementInput> = {},
): Promise<string> {
  const { Id } = await client.send(new BatchExecuteStatementCommand({ Sqls, ...target, ...input }));
  return given(Id);
}

const describeNow = (Id: string) => client.send(new DescribeStatementCommand({ Id }));
const describeEnded = (Id: string): Promise<DescribeStatementResponse> =>
  client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
const resultOf = (Id: string, NextToken?: string): Promise<GetStatementResultResponse> =>
  client.send(new GetStatementResultCommand({ Id, NextToken, WaitTimeSeconds: 10 }));
const cancel = (Id: string) => client.send(new CancelStatementCommand({ Id }));

async function firstRowOf(sql: string) {
  const { Records } = await resultOf(await execute(sql));
  return Records?.[0];
}

/** What ends a statement, from its beginning. */
const endOf = async (sql: string, input: Partial<ExecuteStatementInput> = {}) =>
  describeEnded(await execute(sql, input));

/** The error that some work ends in. */
async function errorOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error('This should have failed.', { cause: error });
}

function given<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('The answer lacks this.');
  return value;
}

const executions = () =>
  api
    .statements()
    .flatMap(({ parts }) => parts)
    .reduce((sum, part) => sum + part.executions, 0);

/** How many connections of others there are to the database. */
async function connections(): Promise<number> {
  const { rows } = await admin.query(
    `SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );
  return rows.length;
}

describe('values', () => {
  it('come in the member of their type', async () => {
    const row = await firstRowOf(
      `SELECT 1::int2, 2::int4, 3::int8, 0.5::float4, 1e300::float8, 'NaN'::float8, 1.50::numeric(9,2), true,
              '\\xff00'::bytea, 'a'::varchar, 'b'::char(3), DATE '2026-11-24', '{"a": 1}'::jsonb`,
    );
    expect(row).toEqual([
      { longValue: 1 },
      { longValue: 2 },
      { longValue: 3 },
      { doubleValue: 0.5 },
      { doubleValue: 1e300 },
      { doubleValue: NaN },
      { stringValue: '1.50' },
      { booleanValue: true },
      { blobValue: new Uint8Array([0xff, 0]) },
      { stringValue: 'a' },
      { stringValue: 'b  ' },
      { stringValue: '2026-11-24' },
      { stringValue: '{"a": 1}' },
    ]);
  });

  it('that are NULL say so, apart from the empty string and false', async () => {
    expect(await firstRowOf(`SELECT NULL::int8, NULL, '', false`)).toEqual([
      { isNull: true },
      { isNull: true },
      { stringValue: '' },
      { booleanValue: false },
    ]);
  });

  it('of a BIGINT are sent whole, and rounded by the client', async () => {
    const sql = `SELECT 9007199254740993, 9223372036854775807, CAST(9007199254740993 AS varchar)`;
    const id = await execute(sql);
    const { Records } = await resultOf(id);
    expect(Records?.[0]?.map((field) => field.longValue ?? field.stringValue)).toEqual([
      9007199254740992,
      9223372036854775808,
      '9007199254740993',
    ]);
    const raw = await fetch(api.endpoint, {
      method: 'POST',
      headers: signed('redshift-data', 'GetStatementResult'),
      body: JSON.stringify({ Id: id }),
    });
    expect(await raw.text()).toContain('{"longValue":9007199254740993},{"longValue":9223372036854775807}');
  });

  it('of times are in UTC, a timestamp with its fraction always', async () => {
    const row = await firstRowOf(
      `SELECT TIMESTAMP '2022-02-22', TIMESTAMP '2020-08-21 17:33:51.88712', TIMESTAMPTZ '2022-02-22 02:00+02'`,
    );
    expect(row?.map(({ stringValue }) => stringValue)).toEqual([
      '2022-02-22 00:00:00.0',
      '2020-08-21 17:33:51.88712',
      '2022-02-22 00:00:00+00',
    ]);
  });

  it('are described by columns', async () => {
    const { ColumnMetadata } = await resultOf(
      await execute(
        `SELECT 1::int8 AS a, 'x'::varchar(7) AS b, 'x'::char(2) AS c, 1::numeric(9,2) AS d, true AS e,
                now()::timestamp AS f, now() AS g, now()::date AS h, '1'::json AS i, 'x'::text AS j`,
      ),
    );
    expect(ColumnMetadata?.map(({ label, typeName }) => [label, typeName])).toEqual([
      ['a', 'int8'],
      ['b', 'varchar'],
      ['c', 'bpchar'],
      ['d', 'numeric'],
      ['e', 'bool'],
      ['f', 'timestamp'],
      ['g', 'timestamptz'],
      ['h', 'date'],
      ['i', 'super'],
      ['j', 'varchar'],
    ]);
    expect(ColumnMetadata?.[1]).toMatchObject({ name: 'b', length: 7, nullable: 1 });
    expect(ColumnMetadata?.[3]).toMatchObject({ precision: 9, scale: 2 });
  });
});

describe('a result', () => {
  it('comes in pages, with the columns on the first alone', async () => {
    await start({ pageRows: 2 });
    const id = await execute('SELECT id FROM people ORDER BY id');
    const pages = [await resultOf(id)];
    for (let token = pages[0]?.NextToken; token !== undefined; token = pages.at(-1)?.NextToken) {
      pages.push(await resultOf(id, token));
    }
    expect(pages.map(({ Records }) => Records?.map(([field]) => field?.longValue))).toEqual([
      [1, 2],
      [3, 4],
      [5],
    ]);
    expect(pages.map(({ ColumnMetadata }) => ColumnMetadata?.length)).toEqual([1, undefined, undefined]);
    expect(pages.map(({ TotalNumRows }) => TotalNumRows)).toEqual([5, 5, 5]);
  });

  it('begins a new page after as many bytes as are set', async () => {
    await start({ pageBytes: 10_000 });
    const id = await execute(`SELECT repeat('x', 4000) FROM people`);
    const { Records, NextToken } = await resultOf(id);
    expect(Records).toHaveLength(3);
    expect((await resultOf(id, NextToken)).Records).toHaveLength(2);
  });

  it('of no rows is a result all the same', async () => {
    const id = await execute('SELECT id FROM people WHERE false');
    const { Records, ColumnMetadata, TotalNumRows, NextToken } = await resultOf(id);
    expect([Records, ColumnMetadata?.[0]?.name, TotalNumRows, NextToken]).toEqual([[], 'id', 0, undefined]);
    expect(await describeNow(id)).toMatchObject({ HasResultSet: true, ResultRows: 0 });
  });

  it('is not there of a statement that gives none', async () => {
    const id = await execute('CREATE TEMP TABLE t (id integer)');
    expect(await describeEnded(id)).toMatchObject({ Status: 'FINISHED', HasResultSet: false });
    expect(await errorOf(resultOf(id))).toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('is not there as long as the statement runs', async () => {
    const id = await execute(endless);
    const error = await errorOf(client.send(new GetStatementResultCommand({ Id: id, WaitTimeSeconds: 1 })));
    expect(error).toMatchObject({ name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } });
  });

  it('takes no token of another statement', async () => {
    await start({ pageRows: 1 });
    const { NextToken } = await resultOf(await execute('SELECT id FROM people'));
    const error = await errorOf(resultOf(await execute('SELECT id FROM people'), NextToken));
    expect(error.name).toBe('ValidationException');
  });

  it('expires', async () => {
    await start({ resultRetentionMs: 500 });
    const id = await execute('SELECT 1', { WaitTimeSeconds: 10 });
    await vi.waitFor(
      async () => expect((await errorOf(describeNow(id))).name).toBe('ResourceNotFoundException'),
      {
        timeout: 5_000,
      },
    );
  });

  it('can be made to expire between two pages', async () => {
    await start({ pageRows: 2 });
    const id = await execute('SELECT id FROM people');
    const { NextToken } = await resultOf(id);
    api.expire(id);
    expect((await errorOf(resultOf(id, NextToken))).name).toBe('ResourceNotFoundException');
  });

  it('cannot be had as CSV', async () => {
    const Id = await execute('SELECT 1', { ResultFormat: 'CSV', WaitTimeSeconds: 10 });
    expect((await errorOf(resultOf(Id))).name).toBe('ValidationException');
    const error = await errorOf(client.send(new GetStatementResultV2Command({ Id })));
    expect(error.name).toBe('UnknownOperationException');
  });
});

describe('a statement', () => {
  it('goes from SUBMITTED to FINISHED', async () => {
    const submitted = await client.send(
      new ExecuteStatementCommand({ Sql: 'SELECT pg_sleep(0.2)', ...target }),
    );
    expect(submitted).toMatchObject({ Status: 'SUBMITTED', ...target });
    const id = given(submitted.Id);
    await vi.waitFor(async () => expect((await describeNow(id)).Status).toBe('STARTED'), { interval: 10 });
    const { CreatedAt, UpdatedAt, Duration, ...ended } = await describeEnded(id);
    expect(ended).toMatchObject({ Id: id, Status: 'FINISHED', ResultRows: 1, HasResultSet: true });
    expect(Duration).toBeGreaterThan(190_000_000);
    expect(given(UpdatedAt).getTime() - given(CreatedAt).getTime()).toBeGreaterThan(190);
  });

  it('that fails tells so in its status, in the words of PostgreSQL', async () => {
    expect(await endOf('SELECT x FROM nowhere')).toMatchObject({
      Status: 'FAILED',
      Error: 'ERROR: relation "nowhere" does not exist\n  Position: 15',
      HasResultSet: false,
    });
    expect((await endOf('SELECT ) x')).Error).toBe('ERROR: syntax error at or near ")"\n  Position: 8');
  });

  it('that fails behind what is rewritten points to its own text', async () => {
    const sql = `SELECT 'ä😀', GETDATE(), "A", nix FROM (SELECT 1 AS a) q`;
    const place = Array.from(sql.slice(0, sql.indexOf('nix'))).length + 1;
    expect((await endOf(sql)).Error).toBe(`ERROR: column "nix" does not exist\n  Position: ${place}`);
  });

  it('that fails on a cluster which nobody reaches says why', async () => {
    const url = new URL(database.url);
    url.pathname = '/nowhere';
    await start({ databaseUrl: url.toString() });
    expect(await endOf('SELECT 1')).toMatchObject({
      Status: 'FAILED',
      Error: 'FATAL: database "nowhere" does not exist',
    });
  });

  it('takes named parameters, outside of literals and casts', async () => {
    const { Records } = await resultOf(
      await execute(`SELECT id::varchar, ':id', :name FROM people WHERE id = :id -- :id`, {
        Parameters: [
          { name: 'id', value: '3' },
          { name: 'name', value: 'Ada' },
        ],
      }),
    );
    expect(Records?.[0]?.map(({ stringValue }) => stringValue)).toEqual(['3', ':id', 'Ada']);
  });

  it('knows GETDATE()', async () => {
    const [row] = given(await firstRowOf('SELECT getdate()'));
    expect(row?.stringValue).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.0$/);
  });

  it('times out by statement_timeout, in the words of Redshift', async () => {
    const id = await executeBatch(['SET statement_timeout TO 100', endless], {
      ExecutionMode: 'AUTO_COMMIT',
    });
    const { SubStatements } = await describeEnded(id);
    expect(SubStatements?.[1]?.Status).toBe('FAILED');
    expect(SubStatements?.[1]?.Error).toMatch(/^ERROR: Query \(\d+\) canceled on user's request$/);
  });

  it('of several in one text is refused', async () => {
    expect((await endOf('SELECT 1; SELECT 2')).Error).toBe(
      'ERROR: cannot insert multiple commands into a prepared statement',
    );
  });

  it('of several in one text runs where that is asked for, and gives the last result', async () => {
    await start({ severalStatements: true });
    expect(await firstRowOf('SELECT 1; SELECT 2, 3')).toEqual([{ longValue: 2 }, { longValue: 3 }]);
    expect(await resultOf(await execute('SELECT 1; SELECT 2 WHERE false'))).toMatchObject({ Records: [] });
  });

  it('leaves no connection behind', async () => {
    await endOf('SELECT 1');
    await vi.waitFor(async () => expect(await connections()).toBe(0));
  });

  it('that runs at the end of the double is cancelled', async () => {
    await execute(endless);
    await vi.waitFor(async () => expect(await connections()).toBe(1));
    await api.close();
    opened.splice(opened.indexOf(api), 1);
    await vi.waitFor(async () => expect(await connections()).toBe(0));
  });
});

describe('the names of columns', () => {
  const sql = 'SELECT "Id" FROM (SELECT 1 AS "ID") q';

  it('are in lower case, and quotes do not change that', async () => {
    const { ColumnMetadata } = await resultOf(await execute(sql));
    expect(ColumnMetadata?.[0]).toMatchObject({ name: 'id', label: 'id' });
  });

  it('are in lower case where the table has others', async () => {
    await admin.query('CREATE TABLE mixed ("Id" integer)');
    const { ColumnMetadata } = await resultOf(await execute('SELECT * FROM mixed'));
    expect(ColumnMetadata?.[0]).toMatchObject({ name: 'id', label: 'id' });
  });

  it('are as written once enable_case_sensitive_identifier is true', async () => {
    const id = await executeBatch(
      [
        'SET enable_case_sensitive_identifier TO true',
        'SELECT 1 AS "Id"',
        sql,
        'SET enable_case_sensitive_identifier TO false',
        'SELECT 1 AS "Id"',
      ],
      { ExecutionMode: 'AUTO_COMMIT', WaitTimeSeconds: 10 },
    );
    const names = async (n: number) => (await resultOf(`${id}:${n}`)).ColumnMetadata?.[0]?.name;
    expect([await names(2), await names(5)]).toEqual(['Id', 'id']);
    const { SubStatements } = await describeNow(id);
    expect(SubStatements?.[2]?.Error).toContain('column "Id" does not exist');
  });
});

describe('a batch', () => {
  it('of AUTO_COMMIT reads only between BEGIN READ ONLY and ROLLBACK', async () => {
    const id = await executeBatch(
      [
        'SET statement_timeout TO 60000',
        'BEGIN READ ONLY',
        'SELECT count(*) FROM people',
        'DELETE FROM people',
        'ROLLBACK',
        'SELECT count(*) FROM people',
      ],
      { ExecutionMode: 'AUTO_COMMIT' },
    );
    const { Status, HasResultSet, Error: own, SubStatements, ExecutionMode } = await describeEnded(id);
    expect({ Status, HasResultSet, own, ExecutionMode }).toEqual({
      ...{ Status: 'FAILED', HasResultSet: true, own: undefined, ExecutionMode: 'AUTO_COMMIT' },
    });
    expect(SubStatements?.map((sub) => [sub.Id, sub.Status, sub.HasResultSet])).toEqual([
      [`${id}:1`, 'FINISHED', false],
      [`${id}:2`, 'FINISHED', false],
      [`${id}:3`, 'FINISHED', true],
      [`${id}:4`, 'FAILED', false],
      [`${id}:5`, 'FINISHED', false],
      [`${id}:6`, 'FINISHED', true],
    ]);
    expect(SubStatements?.[3]?.Error).toBe('ERROR: transaction is read-only');
    expect((await resultOf(`${id}:3`)).Records).toEqual([[{ longValue: 5 }]]);
    expect((await resultOf(`${id}:6`)).Records).toEqual([[{ longValue: 5 }]]);
  });

  it('of AUTO_COMMIT keeps what was done beside a failure', async () => {
    await admin.query('CREATE TABLE kept (id integer)');
    const sqls = ['INSERT INTO kept VALUES (1)', 'SELECT 1/0', 'INSERT INTO kept VALUES (2)'];
    await describeEnded(await executeBatch(sqls, { ExecutionMode: 'AUTO_COMMIT' }));
    expect((await admin.query('SELECT id FROM kept ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('of TRANSACTION keeps nothing where one of it fails', async () => {
    await admin.query('CREATE TABLE undone (id integer)');
    const sqls = ['INSERT INTO undone VALUES (1)', 'SELECT 1/0', 'INSERT INTO undone VALUES (2)'];
    const { Status, SubStatements } = await describeEnded(await executeBatch(sqls));
    expect(Status).toBe('FAILED');
    expect(SubStatements?.map((sub) => [sub.Status, sub.Error])).toEqual([
      ['FINISHED', undefined],
      ['FAILED', 'ERROR: division by zero'],
      ['ABORTED', 'Connection or an prior query failed.'],
    ]);
    expect((await admin.query('SELECT id FROM undone')).rows).toEqual([]);
  });

  it('of TRANSACTION is not protected by BEGIN READ ONLY', async () => {
    await admin.query('CREATE TABLE unprotected AS SELECT 1 AS id');
    await describeEnded(await executeBatch(['BEGIN READ ONLY', 'DELETE FROM unprotected']));
    expect((await admin.query('SELECT id FROM unprotected')).rows).toEqual([]);
  });

  it('has its results under the ids of its entries alone', async () => {
    const id = await executeBatch(['SELECT 1', 'SELECT :n + 1'], {
      Parameters: [{ name: 'n', value: '1' }],
      WaitTimeSeconds: 10,
    });
    expect((await resultOf(`${id}:2`)).Records).toEqual([[{ longValue: 2 }]]);
    expect((await errorOf(resultOf(id))).name).toBe('ResourceNotFoundException');
    expect((await errorOf(resultOf(`${id}:3`))).name).toBe('ResourceNotFoundException');
    expect(await describeNow(`${id}:2`)).toMatchObject({ Id: `${id}:2`, Status: 'FINISHED', ResultRows: 1 });
  });

  it('on a cluster which nobody reaches has the reason on the whole alone', async () => {
    const url = new URL(database.url);
    url.pathname = '/nowhere';
    await start({ databaseUrl: url.toString() });
    const id = await executeBatch(['SELECT 1', 'SELECT 2'], { ExecutionMode: 'AUTO_COMMIT' });
    const { Status, Error: own, SubStatements } = await describeEnded(id);
    expect([Status, own]).toEqual(['FAILED', 'FATAL: database "nowhere" does not exist']);
    expect(SubStatements?.map((sub) => sub.Status)).toEqual(['ABORTED', 'ABORTED']);
  });

  it('can be denied', async () => {
    await start({ denied: ['BatchExecuteStatement'] });
    expect(await errorOf(executeBatch(['SELECT 1']))).toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(await firstRowOf('SELECT 1')).toEqual([{ longValue: 1 }]);
  });
});

describe('long polling', () => {
  it('returns as soon as the statement has ended', async () => {
    const began = Date.now();
    await client.send(
      new ExecuteStatementCommand({ Sql: 'SELECT pg_sleep(0.3)', ...target, WaitTimeSeconds: 30 }),
    );
    const id = await execute('SELECT pg_sleep(0.3)');
    expect((await describeEnded(id)).Status).toBe('FINISHED');
    await resultOf(await execute('SELECT pg_sleep(0.3)'));
    await executeBatch(['SELECT pg_sleep(0.3)'], { WaitTimeSeconds: 30 });
    expect(Date.now() - began).toBeGreaterThan(1_100);
    expect(Date.now() - began).toBeLessThan(8_000);
  });

  it('returns when its time is over', async () => {
    const id = await execute(endless);
    const began = Date.now();
    const { Status } = await client.send(new DescribeStatementCommand({ Id: id, WaitTimeSeconds: 1 }));
    expect(Status).toBe('STARTED');
    expect(Date.now() - began).toBeGreaterThan(950);
  });

  it('spares the Describe: the receipt has the end', async () => {
    const receipt = await client.send(
      new ExecuteStatementCommand({ Sql: 'SELECT 1', ...target, WaitTimeSeconds: 10 }),
    );
    expect(receipt).toMatchObject({ Status: 'FINISHED', HasResultSet: true });
  });

  it('ends for a client that has gone', async () => {
    await start({ maxWaitingRequests: 1 });
    const id = await execute(endless);
    const wait = (abortSignal: AbortSignal) =>
      client.send(new DescribeStatementCommand({ Id: id, WaitTimeSeconds: 30 }), { abortSignal });
    await errorOf(wait(AbortSignal.timeout(300)));
    await vi.waitFor(async () =>
      expect((await errorOf(wait(AbortSignal.timeout(100)))).name).toBe('AbortError'),
    );
  });
});

describe('a ClientToken', () => {
  it('leads to the statement that it made, which runs once', async () => {
    const ClientToken = randomUUID();
    const ids = [await execute('SELECT 1', { ClientToken }), await execute('SELECT 1', { ClientToken })];
    expect(ids[1]).toBe(ids[0]);
    await describeEnded(given(ids[0]));
    expect(api.statements()).toMatchObject([
      { id: ids[0], clientToken: ClientToken, submissions: 2, parts: [{ sql: 'SELECT 1', executions: 1 }] },
    ]);
  });

  it('is forgotten after its time', async () => {
    await start({ clientTokenRetentionMs: 50 });
    const ClientToken = randomUUID();
    const first = await execute('SELECT 1', { ClientToken });
    await vi.waitFor(async () => expect(await execute('SELECT 1', { ClientToken })).not.toBe(first));
  });

  it('of the client keeps its retry from running a statement twice', async () => {
    client = clientFor(api.endpoint, 3);
    api.fail('ExecuteStatement', faults.resetAfter);
    await describeEnded(await execute('SELECT 1'));
    expect(api.requests.filter(({ operation }) => operation === 'ExecuteStatement')).toHaveLength(2);
    expect(executions()).toBe(1);
  });
});

describe('cancelling', () => {
  it('stops the query in PostgreSQL', async () => {
    const id = await execute(endless);
    await vi.waitFor(async () => expect((await describeNow(id)).Status).toBe('STARTED'));
    expect((await cancel(id)).Status).toBe(true);
    expect((await describeEnded(id)).Status).toBe('ABORTED');
    await vi.waitFor(async () => expect(await connections()).toBe(0));
  });

  it('stops a statement that was only just submitted', async () => {
    const id = await execute(endless);
    await cancel(id);
    expect((await describeEnded(id)).Status).toBe('ABORTED');
  });

  it('stops a batch with all that would follow', async () => {
    const id = await executeBatch(['SELECT 1', endless, 'SELECT 2'], { ExecutionMode: 'AUTO_COMMIT' });
    await vi.waitFor(async () => expect((await describeNow(`${id}:2`)).Status).toBe('STARTED'));
    expect((await errorOf(cancel(`${id}:2`))).name).toBe('ValidationException');
    await cancel(id);
    const { Status, SubStatements } = await describeEnded(id);
    expect([Status, SubStatements?.map((sub) => sub.Status)]).toEqual([
      'ABORTED',
      ['FINISHED', 'ABORTED', 'ABORTED'],
    ]);
  });

  it('is refused for a statement that has ended', async () => {
    const id = await execute('SELECT 1', { WaitTimeSeconds: 10 });
    const error = await errorOf(cancel(id));
    expect(error.name).toBe('ValidationException');
    expect(error.message).toContain('Could not cancel a query that is already in FINISHED state');
  });
});

describe('a session', () => {
  async function open(keepAlive = 60): Promise<string> {
    const { SessionId } = await client.send(
      new ExecuteStatementCommand({
        ...{ Sql: 'CREATE TEMP TABLE mine AS SELECT 7 AS id', ...target },
        ...{ SessionKeepAliveSeconds: keepAlive, WaitTimeSeconds: 10 },
      }),
    );
    return given(SessionId);
  }

  it('runs its statements on one connection', async () => {
    const id = await execute('SELECT id FROM mine', { SessionId: await open() });
    expect((await resultOf(id)).Records).toEqual([[{ longValue: 7 }]]);
  });

  it('takes one statement at a time', async () => {
    const SessionId = await open();
    const id = await execute(endless, { SessionId });
    expect((await errorOf(execute('SELECT 1', { SessionId }))).name).toBe('ValidationException');
    await cancel(id);
    await describeEnded(id);
    await vi.waitFor(() => execute('SELECT id FROM mine', { SessionId }));
  });

  it('ends when it was not used for its time', async () => {
    const SessionId = await open(0);
    await vi.waitFor(async () =>
      expect((await errorOf(execute('SELECT 1', { SessionId }))).name).toBe('ResourceNotFoundException'),
    );
  });

  it('takes no target', async () => {
    const error = await errorOf(execute('SELECT 1', { SessionId: await open(), Database: 'dev' }));
    expect(error.name).toBe('ValidationException');
  });

  it('is refused beyond the quota', async () => {
    await start({ maxSessions: 1 });
    await open();
    expect((await errorOf(open())).name).toBe('ActiveSessionsExceededException');
  });
});

describe('validation', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['an id of another form', () => describeNow('nonsense')],
    ['no target', () => execute('SELECT 1', { WorkgroupName: undefined })],
    ['two targets', () => execute('SELECT 1', { ClusterIdentifier: 'other' })],
    ['no database', () => execute('SELECT 1', { Database: undefined })],
    ['too long a wait', () => execute('SELECT 1', { WaitTimeSeconds: 31 })],
    ['too long a token', () => execute('SELECT 1', { ClientToken: 'x'.repeat(65) })],
    ['an empty batch', () => executeBatch([])],
    ['a batch of 41', () => executeBatch(Array<string>(41).fill('SELECT 1'))],
    ['an empty parameter', () => execute('SELECT :a', { Parameters: [{ name: 'a', value: '' }] })],
    ['no parameter in the list', () => execute('SELECT 1', { Parameters: [] })],
    ['a parameter that is not used', () => execute('SELECT 1', { Parameters: [{ name: 'a', value: '1' }] })],
    ['too long a text', () => execute(`SELECT '${'x'.repeat(100 * 1024)}'`)],
  ])('refuses %s', async (_, request) => {
    expect(await errorOf(request())).toMatchObject({
      name: 'ValidationException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(api.statements()).toEqual([]);
  });

  it('knows no statement that was never made', async () => {
    expect(await errorOf(describeNow(randomUUID()))).toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('takes a cluster in place of a workgroup', async () => {
    const id = await execute('SELECT 1', { WorkgroupName: undefined, ClusterIdentifier: 'c', DbUser: 'u' });
    expect(await describeEnded(id)).toMatchObject({ ClusterIdentifier: 'c', DbUser: 'u', Database: 'dev' });
  });

  it.each([
    ['without a signature', {}],
    ['signed for another service', signed('rds-data', 'DescribeStatement')],
  ])('refuses a request %s', async (_, headers) => {
    const answer = await fetch(api.endpoint, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(403);
  });
});

describe('quotas', () => {
  it('limit the active statements', async () => {
    await start({ maxActiveStatements: 1 });
    await execute(endless);
    expect(await errorOf(execute('SELECT 1'))).toMatchObject({
      name: 'ActiveStatementsExceededException',
      message: 'Active statements exceeded the allowed quota (1).',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('limit the waiting requests', async () => {
    await start({ maxWaitingRequests: 1 });
    const id = await execute('SELECT pg_sleep(1)');
    const first = describeEnded(id);
    await vi.waitFor(() => expect(api.requests).toHaveLength(2), { interval: 5 });
    expect((await errorOf(describeEnded(id))).name).toBe('ActiveWaitingRequestsExceededException');
    expect((await first).Status).toBe('FINISHED');
  });

  it('limit the requests in a second', async () => {
    await start({ rates: { ...AWS_RATES, DescribeStatement: 2 } });
    const id = await execute('SELECT 1');
    await describeNow(id);
    await describeNow(id);
    expect((await errorOf(describeNow(id))).name).toBe('ThrottlingException');
    await vi.waitFor(() => describeNow(id), { timeout: 3_000 });
  });
});

describe('a fault', () => {
  it.each([
    ['ThrottlingException', 400, faults.throttled],
    ['InternalServerException', 500, faults.internal],
    ['ActiveStatementsExceededException', 400, faults.activeStatementsExceeded],
    ['ActiveSessionsExceededException', 400, faults.activeSessionsExceeded],
    ['AccessDeniedException', 400, faults.accessDenied],
    ['ExpiredTokenException', 400, faults.expiredToken],
    ['ExecuteStatementException', 500, faults.error('ExecuteStatementException', 500, 'Failed')],
  ] as const)('can be the %s (%i)', async (name, httpStatusCode, fault) => {
    api.fail('ExecuteStatement', fault);
    const error = await errorOf(execute('SELECT 1'));
    expect(error).toMatchObject({ name, $metadata: { httpStatusCode } });
    expect(error.message).not.toBe('');
    expect(api.statements()).toEqual([]);
    expect(await firstRowOf('SELECT 1')).toEqual([{ longValue: 1 }]);
  });

  it('can be that of too many waiting', async () => {
    const id = await execute('SELECT 1');
    api.fail('DescribeStatement', faults.activeWaitingRequestsExceeded);
    expect((await errorOf(describeEnded(id))).name).toBe('ActiveWaitingRequestsExceededException');
  });

  it('happens as often as was asked for, in order', async () => {
    api.fail('DescribeStatement', faults.throttled, 2);
    api.fail('DescribeStatement', faults.internal);
    api.fail('CancelStatement', faults.accessDenied);
    const id = await execute('SELECT 1');
    const names: string[] = [];
    for (let n = 0; n < 3; n += 1) names.push((await errorOf(describeNow(id))).name);
    expect(names).toEqual(['ThrottlingException', 'ThrottlingException', 'InternalServerException']);
    expect((await describeEnded(id)).Status).toBe('FINISHED');
    api.clearFaults();
    expect((await errorOf(cancel(id))).name).toBe('ValidationException');
  });

  it('is retried by the client where it is of that kind', async () => {
    client = clientFor(api.endpoint, 3);
    api.fail('ExecuteStatement', faults.throttled, 2);
    expect(await firstRowOf('SELECT 1')).toEqual([{ longValue: 1 }]);
    api.fail('ExecuteStatement', faults.activeStatementsExceeded);
    expect((await errorOf(execute('SELECT 1'))).name).toBe('ActiveStatementsExceededException');
  });

  it('can break the connection before the work', async () => {
    api.fail('ExecuteStatement', faults.resetBefore);
    expect(await errorOf(execute('SELECT 1'))).toMatchObject({ code: 'ECONNRESET' });
    expect(api.statements()).toEqual([]);
  });

  it('can break the connection after the work', async () => {
    api.fail('ExecuteStatement', faults.resetAfter);
    expect(await errorOf(execute('SELECT 1'))).toMatchObject({ code: 'ECONNRESET' });
    expect(api.statements()).toHaveLength(1);
  });

  it('can delay an answer', async () => {
    api.fail('ExecuteStatement', faults.delay(300));
    const began = Date.now();
    await execute('SELECT 1');
    expect(Date.now() - began).toBeGreaterThan(290);
  });

  it('can let a statement end without having run', async () => {
    api.fail('ExecuteStatement', faults.ends('FAILED', 'ERROR: out of memory'));
    api.fail('ExecuteStatement', faults.ends('ABORTED'));
    expect(await endOf('SELECT 1')).toMatchObject({ Status: 'FAILED', Error: 'ERROR: out of memory' });
    expect((await endOf('SELECT 1')).Status).toBe('ABORTED');
    expect(executions()).toBe(0);
  });

  it('can let a batch fail with the reason on the whole alone', async () => {
    api.fail('BatchExecuteStatement', faults.ends('FAILED', 'FATAL: connection refused'));
    const id = await executeBatch(['SELECT 1'], { ExecutionMode: 'AUTO_COMMIT' });
    const { Status, Error: own, SubStatements } = await describeEnded(id);
    expect([Status, own, SubStatements?.[0]?.Status]).toEqual([
      'FAILED',
      'FATAL: connection refused',
      'ABORTED',
    ]);
  });

  it('can show a status that nobody knows', async () => {
    const id = await execute('SELECT 1');
    api.fail('DescribeStatement', faults.shows('UNKNOWN'), 2);
    const seen: (string | undefined)[] = [];
    for (let n = 0; n < 3; n += 1) seen.push((await describeEnded(id)).Status);
    expect(seen).toEqual(['UNKNOWN', 'UNKNOWN', 'FINISHED']);
  });

  it('can repeat a NextToken', async () => {
    await start({ pageRows: 2 });
    const id = await execute('SELECT id FROM people ORDER BY id');
    const { NextToken } = await resultOf(id);
    api.fail('GetStatementResult', faults.repeatedToken);
    const second = await resultOf(id, NextToken);
    expect(second.NextToken).toBe(NextToken);
    expect(second.Records?.[0]).toEqual([{ longValue: 3 }]);
  });

  it('can give a page without rows before those that follow', async () => {
    await start({ pageRows: 2 });
    const id = await execute('SELECT id FROM people ORDER BY id');
    const first = await resultOf(id);
    api.fail('GetStatementResult', faults.emptyPage);
    const empty = await resultOf(id, first.NextToken);
    expect(empty.Records).toEqual([]);
    expect(empty.NextToken).not.toBe(first.NextToken);
    expect((await resultOf(id, empty.NextToken)).Records?.[0]).toEqual([{ longValue: 3 }]);
  });

  it('that does not fit an operation is refused at once', () => {
    expect(() => api.fail('CancelStatement', faults.emptyPage)).toThrow('does not fit');
  });
});

/** As the client would sign, for what it does not let through. */
function signed(service: string, operation: string): Record<string, string> {
  return {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `RedshiftData.${operation}`,
    authorization:
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/${service}/aws4_request, ` +
      `SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
  };
}
