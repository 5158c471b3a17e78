import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, test, vi } from 'vitest';
import type { RedshiftConnection } from '../../config/workspace-file.js';
import { DataApi } from '../../sources/redshift/data-api.js';
import { SourceError } from '../../sources/source-error.js';
import type { Source } from '../../sources/source.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  faults,
  startRedshiftDataApi,
  type RedshiftDataApi,
  type RedshiftDataApiOptions,
} from '../support/redshift-data-api.js';
import {
  connectionTo,
  redshiftAt,
  rowsOf,
  submissionNamed,
  withSnapshot,
} from '../support/redshift-source.js';
import { bytesOf, connected, failureOf, never } from '../support/source-database.js';
import { tcpProxy } from '../support/tcp-proxy.js';

vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
let admin: pg.Client;
let api: RedshiftDataApi;
let source: Source;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await createDatabase('redshift_source');
  admin = await connected(database.url);
  await admin.query('CREATE TABLE events (id bigint); INSERT INTO events SELECT generate_series(1, 2500)');
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function start(
  options: Partial<RedshiftDataApiOptions> = {},
  settings: Partial<RedshiftConnection> = {},
): Promise<void> {
  api = await startRedshiftDataApi({ databaseUrl: database.url, ...options });
  source = redshiftAt(api.endpoint, settings);
  opened.push(source, api);
}

const batches = () => api.statements().filter(({ mode }) => mode === 'AUTO_COMMIT');
/** Batches that read rows, and not only describe. */
const reading = () => batches().filter(({ parts }) => !parts.some(({ sql }) => sql.endsWith('LIMIT 0')));

describe('values', () => {
  it.each([
    ['9223372036854775807::bigint', '9223372036854775807'],
    ['9007199254740993::bigint', '9007199254740993'],
    ['-5::smallint', '-5'],
    ['12345678901234567890.123456789::numeric(38,9)', '12345678901234567890.123456789'],
    ['1.10::numeric(5,2)', '1.10'],
    ['0.1::float8', '0.1'],
    [`'NaN'::float8`, 'NaN'],
    ['true', 't'],
    ['false', 'f'],
    ['NULL::bigint', '\\N'],
    ['NULL::text', '\\N'],
    [`''::text`, ''],
    [`'\\N'::text`, '\\\\N'],
    [`'a\tb'::text`, 'a\\tb'],
    [`'line 1\nline 2'::text`, 'line 1\\nline 2'],
    [`'żółć 🚀'::text`, 'żółć 🚀'],
    [`'ab'::char(4)`, 'ab  '],
    [`date '2024-02-29'`, '2024-02-29'],
    [`timestamp '2020-08-21 17:33:51.88712'`, '2020-08-21 17:33:51.88712'],
    [`timestamptz '2024-02-29 12:00:00+02'`, '2024-02-29 10:00:00+00'],
    [`'{"a": [1, 9007199254740993]}'::jsonb`, '{"a": [1, 9007199254740993]}'],
    [`'\\xdeadbeef'::bytea`, '\\\\xdeadbeef'],
  ])('of %s come exactly', async (expression, text) => {
    await start();
    expect(await rowsOf(source, `SELECT ${expression} AS x`)).toBe(`${text}\n`);
  });

  it('are described by what the store reads them as', async () => {
    await start();
    const query = `SELECT 1::bigint AS a, 1::numeric AS b, 1::float4 AS c, 'x' AS d, now() AS e, '{}'::json AS f, date 'today' AS g, true AS h`;
    const columns = await source.describe(query, never);
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'a bigint',
      'b numeric',
      'c real',
      'd text',
      'e timestamptz',
      'f json',
      'g date',
      'h boolean',
    ]);
  });

  it('are of columns that keep their case', async () => {
    await start();
    const columns = await source.describe('SELECT 1 AS "firstName", 2 AS "ID"', never);
    expect(columns.map(({ name }) => name)).toEqual(['firstName', 'ID']);
    expect(await rowsOf(source, 'SELECT 1 AS "firstName", 2 AS "ID"')).toBe('1\t2\n');
  });
});

describe('reading', () => {
  it('takes all pages, and only so many rows as it is asked for', async () => {
    await start({ pageRows: 1000 });
    const rows = await rowsOf(source, 'SELECT id FROM events ORDER BY id');
    expect(rows.trimEnd().split('\n')).toHaveLength(2500);
    expect((await rowsOf(source, 'SELECT id FROM events', 100)).trimEnd().split('\n')).toHaveLength(100);
  });

  it('goes on past a page without records', async () => {
    await start({ pageRows: 1000 });
    api.fail('GetStatementResult', faults.emptyPage, 2);
    const rows = await withSnapshot(source, { main: 'SELECT id FROM events' }, async (snapshot) => {
      await snapshot.columns('main');
      return await bytesOf(await snapshot.rows('main'));
    });
    expect(rows.toString().trimEnd().split('\n')).toHaveLength(2500);
  });

  it('of a query without rows gives none', async () => {
    await start();
    expect(await rowsOf(source, 'SELECT 1 AS x WHERE false')).toBe('');
  });

  it('sees one snapshot in both queries, which nothing may write', async () => {
    await start();
    const related = 'SELECT count(*) AS n FROM events';
    const texts = await withSnapshot(
      source,
      { main: 'SELECT pg_sleep(0.2), count(*) AS n FROM events', relationships: related },
      async (snapshot) => {
        const main = await bytesOf(await snapshot.rows('main'));
        await admin.query('INSERT INTO events VALUES (-1)');
        return [
          main.toString().trim(),
          (await bytesOf(await snapshot.rows('relationships'))).toString().trim(),
        ];
      },
    );
    await admin.query('DELETE FROM events WHERE id = -1');
    expect(texts).toEqual(['2500', '2500']);
    const [batch] = reading();
    expect(batch?.parts.map(({ sql }) => sql.split('\n')[0])).toEqual([
      expect.stringMatching(/^SET statement_timeout TO \d+$/),
      'SET enable_case_sensitive_identifier TO true',
      'BEGIN READ ONLY',
      expect.stringMatching(/^SELECT /),
      expect.stringMatching(/^SELECT /),
      'ROLLBACK',
    ]);
  });

  it('refuses a query that would write, and names the switch', async () => {
    await start();
    await admin.query(
      `CREATE OR REPLACE FUNCTION writes() RETURNS bigint LANGUAGE sql AS 'INSERT INTO events VALUES (0) RETURNING id'`,
    );
    const failure = await failureOf(rowsOf(source, 'SELECT writes() AS id'));
    expect(failure).toMatchObject({ retryable: false });
    expect(failure.message).toContain('set readOnly: off');
    expect((await admin.query('SELECT FROM events WHERE id = 0')).rowCount).toBe(0);
  });

  it('without BEGIN READ ONLY where that is switched off', async () => {
    await start({}, { readOnly: false });
    expect(await rowsOf(source, 'SELECT 1 AS x')).toBe('1\n');
    expect(reading()[0]?.parts[2]?.sql).toBe('BEGIN');
  });

  it('says what the cluster says of a query while it is described, with the place in it', async () => {
    await start();
    const failure = await failureOf(source.describe('SELECT 1 AS id,\n  nothing FROM events', never));
    expect(failure.message).toContain('at line 2, column 3: column "nothing" does not exist');
    expect(failure).toMatchObject({ retryable: false, position: { line: 2, column: 3 } });
  });

  it('keeps what the cluster says while rows pass out of the message', async () => {
    await start();
    const failure = await failureOf(rowsOf(source, `SELECT ('secret-' || id)::int AS x FROM events`));
    expect(failure.message).not.toContain('secret');
    expect(failure.databaseMessage).toContain('secret-1');
    expect(failure.retryable).toBe(false);
  });

  it.each(['SELECT 1 AS a; DELETE FROM events', 'SELECT 1 AS a; SELECT 2 AS b'])(
    'refuses a second statement before anything is sent: %s',
    async (query) => {
      await start();
      const failure = await failureOf(source.describe(query, never));
      expect(failure.message).toContain('has a second statement at line 1, column 16');
      expect(api.requests).toEqual([]);
    },
  );

  it('ends a query at its time limit, and says so', async () => {
    await start();
    const failure = await failureOf(
      withSnapshot(source, { main: 'SELECT pg_sleep(30) AS x', queryTimeoutMs: 1_000 }, (snapshot) =>
        snapshot.rows('main').then(bytesOf),
      ),
    );
    expect(failure.message).toContain('time limit');
    expect(failure.retryable).toBe(false);
  });
});

describe('trouble', () => {
  it.each([
    ['throttling', 'DescribeStatement', faults.throttled],
    ['an internal error', 'GetStatementResult', faults.internal],
    ['a lost connection before it is heard', 'BatchExecuteStatement', faults.resetBefore],
    ['a lost connection after it was heard', 'BatchExecuteStatement', faults.resetAfter],
    ['too many who wait', 'DescribeStatement', faults.activeWaitingRequestsExceeded],
    ['a status that nobody knows', 'DescribeStatement', faults.shows('UNKNOWN')],
  ] as const)('that passes is got over: %s', async (_, operation, fault) => {
    await start();
    api.fail(operation, fault, 2);
    expect(await rowsOf(source, 'SELECT 7 AS x')).toBe('7\n');
    expect(reading().map(({ parts }) => parts[3]?.executions)).toEqual([1]);
  });

  it.each([
    ['too many statements', 'BatchExecuteStatement', faults.activeStatementsExceeded],
    ['an expired token of the identity', 'BatchExecuteStatement', faults.expiredToken],
    ['a page that comes twice', 'GetStatementResult', faults.repeatedToken],
  ] as const)('is left to a retry of the attempt: %s', async (_, operation, fault) => {
    await start({ pageRows: 500 });
    api.fail(operation, fault, 20);
    const failure = await failureOf(rowsOf(source, 'SELECT id FROM events'));
    expect(failure).toMatchObject({ retryable: true });
  });

  it.each([
    ['FAILED', 'ERROR: division by zero', false],
    ['FAILED', 'ERROR: 1023 Serializable isolation violation on table', true],
    ['ABORTED', '', true],
  ] as const)('that ends a statement as %s (%s) is told from success', async (status, said, retryable) => {
    await start();
    await withSnapshot(source, { main: 'SELECT 1 AS x' }, async (snapshot) => {
      await snapshot.columns('main');
      api.fail('BatchExecuteStatement', faults.ends(status, said));
      const failure = await failureOf(snapshot.rows('main').then(bytesOf));
      expect(failure.retryable).toBe(retryable);
    });
  });

  it('of rights is final, and says where the policy is', async () => {
    await start({ denied: ['ExecuteStatement', 'BatchExecuteStatement'] });
    const failure = await failureOf(source.describe('SELECT 1 AS x', never));
    expect(failure).toMatchObject({ retryable: false });
    expect(failure.message).toContain('docs/redshift.md has the IAM policy');
  });

  it('ends in a retryable error where nobody answers', async () => {
    await start();
    await api.close();
    expect(await failureOf(source.describe('SELECT 1 AS x', never))).toMatchObject({ retryable: true });
  });
});

describe('where batches are denied', () => {
  it('one query is a statement of its own', async () => {
    await start({ denied: ['BatchExecuteStatement'] });
    expect(await rowsOf(source, 'SELECT 9007199254740993 AS x')).toBe('9007199254740993\n');
  });

  it('one query that takes longer than its time limit is cancelled by us', async () => {
    await start({ denied: ['BatchExecuteStatement'] });
    const request = { main: 'SELECT pg_sleep(60) AS x', queryTimeoutMs: 1_500 };
    const failure = await failureOf(
      withSnapshot(source, request, (snapshot) => snapshot.rows('main').then(bytesOf)),
    );
    expect(failure.message).toContain('took longer than its queryTimeout, and was cancelled');
    expect(failure.retryable).toBe(false);
    expect(api.statements().at(-1)).toMatchObject({ status: 'ABORTED' });
  });

  it('two queries share a session, and so a snapshot', async () => {
    await start({ denied: ['BatchExecuteStatement'] });
    const texts = await withSnapshot(
      source,
      { main: 'SELECT 1 AS x', relationships: 'SELECT 2 AS y' },
      async (snapshot) =>
        Promise.all([
          bytesOf(await snapshot.rows('main')).then(String),
          bytesOf(await snapshot.rows('relationships')).then(String),
        ]),
    );
    expect(texts).toEqual(['1\n', '2\n']);
    expect(api.statements().map(({ parts }) => parts[0]?.sql)).toContain('BEGIN READ ONLY');
  });

  it('two queries are refused where there is no session either: one snapshot or none', async () => {
    await start({ denied: ['BatchExecuteStatement'] });
    const request = { main: 'SELECT 1 AS x', relationships: 'SELECT 2 AS y' };
    await withSnapshot(source, request, async (snapshot) => {
      await snapshot.columns('main');
      api.fail('ExecuteStatement', faults.error('ValidationException', 400, 'Sessions are not allowed.'));
      const failure = await failureOf(snapshot.rows('main').then(bytesOf));
      expect(failure.retryable).toBe(false);
      expect(failure.message).toContain("can't see one snapshot");
    });
  });
});

describe('a retried attempt', () => {
  const query = 'SELECT id FROM events';
  const attempt = (submission = submissionNamed('one'), signal = never) =>
    withSnapshot(
      source,
      { main: query, submission },
      async (snapshot) => (await bytesOf(await snapshot.rows('main'))).toString(),
      signal,
    );

  it('reads what the one before has submitted, and submits nothing', async () => {
    await start();
    const submission = submissionNamed('one');
    const first = await attempt(submission);
    expect(await attempt(submission)).toBe(first);
    expect(reading().map(({ parts }) => parts[3]?.executions)).toEqual([1]);
  });

  it('finds it by its token, if the one before could not note it', async () => {
    await start();
    await attempt();
    await attempt();
    expect(reading().map(({ submissions, parts }) => [submissions, parts[3]?.executions])).toEqual([[2, 1]]);
  });

  it('submits anew what failed, and what has expired', async () => {
    await start();
    const submission = submissionNamed('one');
    await withSnapshot(source, { main: query, submission }, async (snapshot) => {
      await snapshot.columns('main');
      api.fail('BatchExecuteStatement', faults.ends('ABORTED', ''));
      expect(await failureOf(snapshot.rows('main').then(bytesOf))).toMatchObject({ retryable: true });
    });
    await attempt(submission);
    const [, second] = reading();
    api.expire(second?.id ?? '');
    await attempt(submission);
    expect(reading().map(({ status }) => status)).toEqual(['ABORTED', 'FINISHED', 'FINISHED']);
  });

  it.each([
    [true, 'ABORTED'],
    [false, 'STARTED'],
  ])('has its statement cancelled if nobody comes for it (%s), and else not', async (isAbandoned, status) => {
    await start();
    const controller = new AbortController();
    const submission = submissionNamed('long', isAbandoned);
    const read = withSnapshot(
      source,
      { main: 'SELECT pg_sleep(60) AS x', submission },
      async (snapshot) => bytesOf(await snapshot.rows('main')),
      controller.signal,
    ).catch((error: unknown) => error);
    await vi.waitUntil(() => submission.handles.length > 0 && reading()[0]?.status === 'STARTED', 20_000);
    controller.abort(new Error('stopped'));
    expect(await read).toMatchObject({ message: 'stopped' });
    await vi.waitUntil(() => reading()[0]?.status === status, 20_000);
  });
});

describe('connections that break at random', () => {
  it('cost attempts, but no row, and the query runs once', async () => {
    await start({ pageRows: 50 });
    const proxy = await tcpProxy(api.endpoint);
    const broken = redshiftAt(proxy.url.replace(/\/$/, ''));
    opened.push(broken);
    const random = fc.sample(fc.integer({ min: 5, max: 60 }), { numRuns: 400, seed: 7 });
    const submission = submissionNamed('cut');
    const done = new AbortController();
    const cutting = (async () => {
      for (const ms of random) {
        if (done.signal.aborted) return;
        await sleep(ms);
        await proxy.down();
        await proxy.up();
      }
    })();
    const attempts: unknown[] = [];
    let rows = '';
    while (rows === '') {
      const main = 'SELECT id FROM events ORDER BY id';
      rows = await withSnapshot(broken, { main, submission }, async (snapshot) =>
        (await bytesOf(await snapshot.rows('main'))).toString(),
      ).catch((error: unknown) => {
        attempts.push(error);
        return '';
      });
    }
    done.abort();
    await cutting;
    await proxy.down();
    expect(rows.trimEnd().split('\n')).toEqual(Array.from({ length: 2500 }, (_, at) => `${at + 1}`));
    expect(attempts.filter((error) => !(error instanceof SourceError && error.retryable))).toEqual([]);
    expect(reading().map(({ parts }) => parts[3]?.executions)).toEqual([1]);
  });
});

test('to cancel what has ended by itself meanwhile is no error', async () => {
  await start();
  await rowsOf(source, 'SELECT 1 AS x');
  const id = reading()[0]?.id ?? '';
  const client = new DataApi(connectionTo(api.endpoint));
  await expect(client.cancel(id)).resolves.toBeUndefined();
  client.close();
});

describe('start time and check', () => {
  it("is the cluster's clock, in whole seconds", async () => {
    await start();
    const before = Math.floor(Date.now() / 1000);
    const { seconds, bound } = await source.startTime(never);
    expect(bound).toBe('clock');
    expect(seconds).toBeGreaterThanOrEqual(before - 1);
    expect(seconds).toBeLessThanOrEqual(Date.now() / 1000 + 1);
  });

  it('finds who we are and that the user may write', async () => {
    await start();
    const findings = await source.check(never);
    expect(findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
      'ok connects',
      'ok TLS',
      'warning version',
      'warning read-only',
      'ok transactions',
      'ok open transactions',
    ]);
  });

  it('is a problem, and no error, where nothing can be asked', async () => {
    await start({ denied: ['ExecuteStatement', 'BatchExecuteStatement'] });
    expect(await source.check(never)).toMatchObject([{ level: 'problem', subject: 'connects' }]);
  });
});
