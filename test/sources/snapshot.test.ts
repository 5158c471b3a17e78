import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Snapshot, Source } from '../../sources/source.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { bytesOf, connected, failureOf, never, rowsOf, sourceAt } from '../support/source-database.js';

const endless = 'SELECT count(*) FROM generate_series(1, 1000000000000::bigint)';
const fails = `SELECT n, 100 / (500000 - n), 'secret' || n FROM (SELECT generate_series(1, 600000) AS n) s`;

let database: TestDatabase;
let source: Source;
let admin: pg.Client;

beforeAll(async () => {
  database = await createDatabase('snapshot');
  source = sourceAt(database.url);
  admin = await connected(database.url);
});

afterAll(async () => {
  await source.close();
  await admin.end();
  await database.drop();
});

const open = (main: string, queryTimeoutMs = 60_000, signal = never): Promise<Snapshot> =>
  source.snapshot({ main, queryTimeoutMs }, signal);

/** What other sessions run in the database at this moment. */
async function running(): Promise<string[]> {
  const { rows } = await admin.query<{ query: string }>(
    `SELECT query FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        AND state <> 'idle'`,
  );
  return rows.map(({ query }) => query);
}

const untilRunning = () =>
  vi.waitFor(async () => expect((await running()).join()).toContain('COPY'), { timeout: 10_000 });
/** Sooner than the server would notice by itself that its client is gone. */
const untilNothingRuns = () =>
  vi.waitFor(async () => expect(await running()).toEqual([]), { timeout: 4_000 });

describe('a snapshot', () => {
  it('gives the rows of both queries as they were at one moment', async () => {
    await admin.query('CREATE TABLE seen (id integer)');
    const snapshot = await source.snapshot(
      { main: 'SELECT * FROM seen', relationships: 'SELECT count(*) FROM seen', queryTimeoutMs: 60_000 },
      never,
    );
    await admin.query('INSERT INTO seen VALUES (1)');
    const main = (await bytesOf(await snapshot.rows('main'))).toString();
    await admin.query('INSERT INTO seen VALUES (2)');
    const relationships = (await bytesOf(await snapshot.rows('relationships'))).toString();
    await snapshot.close();
    expect([main, relationships]).toEqual(['', '0\n']);
  });

  it('describes each of its queries', async () => {
    const snapshot = await source.snapshot(
      { main: 'SELECT 1 AS id', relationships: 'SELECT true AS deleted', queryTimeoutMs: 60_000 },
      never,
    );
    const columns = [await snapshot.columns('main'), await snapshot.columns('relationships')];
    await snapshot.close();
    expect(columns.flat().map(({ name, type }) => [name, type])).toEqual([
      ['id', 'bigint'],
      ['deleted', 'boolean'],
    ]);
  });

  it('fills {{last_sync_time}} in, and gives places in the query as written', async () => {
    const request = { main: 'SELECT {{ last_sync_time }} AS id', queryTimeoutMs: 60_000 };
    const snapshot = await source.snapshot({ ...request, lastSyncTime: 1_700_000_000 }, never);
    const rows = (await bytesOf(await snapshot.rows('main'))).toString();
    await snapshot.close();
    expect(rows).toBe('1700000000\n');

    const wrong = await source.snapshot({ ...request, main: `${request.main}, nix`, lastSyncTime: 7 }, never);
    const error = await failureOf(wrong.columns('main'));
    await wrong.close();
    expect(error.position).toEqual({ line: 1, column: 36 });
  });

  it('keeps the order of the query', async () => {
    expect(await rowsOf(source, 'SELECT n FROM generate_series(1, 5) n ORDER BY n % 3, n DESC')).toBe(
      '3\n4\n1\n5\n2\n',
    );
  });

  it('gives as many rows as are asked for, in the order of the query', async () => {
    expect(await rowsOf(source, 'SELECT n FROM generate_series(1, 5) n ORDER BY n DESC; -- all', 2)).toBe(
      '5\n4\n',
    );
    expect(await rowsOf(source, 'SELECT 1', 2)).toBe('1\n');
  });

  it('writes nothing, whatever a function in the query tries', async () => {
    await admin.query('CREATE SEQUENCE calls');
    const snapshot = await open(`SELECT nextval('calls')`);
    const error = await failureOf(bytesOf(await snapshot.rows('main')));
    await snapshot.close();
    expect(error).toMatchObject({ sqlstate: '25006', retryable: false, phase: 'read' });
  });

  it('shows itself to the administrator as what it is', async () => {
    const snapshot = await open('SELECT 1');
    const { rows } = await admin.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'inlet: %'`,
    );
    await snapshot.close();
    expect(rows).toHaveLength(1);
  });

  it('leaves no connection behind, and may be closed twice', async () => {
    const snapshot = await open('SELECT 1');
    await bytesOf(await snapshot.rows('main'));
    await snapshot.close();
    await snapshot.close();
    await vi.waitFor(async () => {
      const { rows } = await admin.query(
        `SELECT 1 FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
      );
      expect(rows).toEqual([]);
    });
  });

  it('ends with its source', async () => {
    const other = sourceAt(database.url);
    const snapshot = await other.snapshot({ main: endless, queryTimeoutMs: 60_000 }, never);
    const failure = failureOf(bytesOf(await snapshot.rows('main')));
    await untilRunning();
    await other.close();
    expect((await failure).message).toContain('closed');
    await untilNothingRuns();
  });
});

describe('the rows of two million', () => {
  it('take no more memory than those of a few', async () => {
    const row = `SELECT n, 'user' || n || '@example.com', repeat('x', 50) FROM (SELECT generate_series(1, 2000000) AS n) s`;
    const snapshot = await open(row);
    let bytes = 0;
    let lines = 0;
    let peak = 0;
    const before = process.memoryUsage().rss;
    const slowReader = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
        peak = Math.max(peak, process.memoryUsage().rss);
        setImmediate(done);
      },
    });
    await pipeline(await snapshot.rows('main'), slowReader);
    await snapshot.close();
    expect(lines).toBe(2_000_000);
    expect(bytes).toBeGreaterThan(150_000_000);
    expect(peak - before).toBeLessThan(100_000_000);
  });
});

describe('rows that can not be read to their end', () => {
  it('end in an error at the row that fails, however far on', async () => {
    const snapshot = await open(fails);
    let bytes = 0;
    const rows = await snapshot.rows('main');
    rows.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const error = await failureOf(once(rows, 'end'));
    await snapshot.close();
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(error).toMatchObject({ phase: 'read', retryable: false, sqlstate: '22012' });
    expect(error.databaseMessage).toBe('division by zero.');
  });

  it('end in an error that quotes no cell where it is printed', async () => {
    const snapshot = await open(`SELECT ('hunter' || n)::integer FROM generate_series(1, 5) n`);
    const error = await failureOf(bytesOf(await snapshot.rows('main')));
    await snapshot.close();
    expect(error.databaseMessage).toContain('hunter1');
    expect(error.message).toContain('22P02');
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain('hunter');
  });

  it.each([
    ['40001', true],
    ['40P01', true],
    ['53300', true],
    ['55P03', true],
    ['08006', true],
    ['42P01', false],
    ['22003', false],
    ['0A000', false],
    ['53100', false],
    ['XX000', false],
    ['P0001', false],
  ])('with SQLSTATE %s: that it may pass is %s', async (sqlstate, retryable) => {
    await admin.query(
      `CREATE OR REPLACE FUNCTION fail(code text) RETURNS integer LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'cell 42' USING ERRCODE = code; END $$`,
    );
    const snapshot = await open(`SELECT fail('${sqlstate}')`);
    const error = await failureOf(bytesOf(await snapshot.rows('main')));
    await snapshot.close();
    expect(error).toMatchObject({ phase: 'read', sqlstate, retryable, databaseMessage: 'cell 42.' });
    expect(error.message).toContain(`(SQLSTATE ${sqlstate})`);
    expect(error.message).not.toContain('cell 42');
  });

  it('name queryTimeout when they took longer than it', async () => {
    const snapshot = await open(endless, 300);
    const error = await failureOf(bytesOf(await snapshot.rows('main')));
    await snapshot.close();
    expect(error).toMatchObject({ sqlstate: '57014', retryable: false });
    expect(error.message).toMatch(/longer than it may, 300ms;.*queryTimeout/);
  });

  it('say that somebody cancelled them, where it was not the time', async () => {
    const snapshot = await open(endless);
    const failure = failureOf(bytesOf(await snapshot.rows('main')));
    await untilRunning();
    await admin.query(
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'`,
    );
    expect((await failure).message).toContain('somebody cancelled it');
    await snapshot.close();
  });

  it('may be tried again when the server ended the connection', async () => {
    const snapshot = await open(endless);
    const failure = failureOf(bytesOf(await snapshot.rows('main')));
    await untilRunning();
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'`,
    );
    expect(await failure).toMatchObject({ sqlstate: '57P01', retryable: true });
    await snapshot.close();
  });

  it('may be tried again when the connection was ended before they were read', async () => {
    const snapshot = await open('SELECT 1');
    const rows = await snapshot.rows('main');
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'inlet: %'`,
    );
    expect(await failureOf(bytesOf(rows))).toMatchObject({ phase: 'read', retryable: true });
    await snapshot.close();
  });

  it('are cancelled on the server when the reader stops early', async () => {
    const snapshot = await open(endless);
    const rows = await snapshot.rows('main');
    rows.resume();
    await untilRunning();
    rows.destroy();
    await once(rows, 'close');
    await untilNothingRuns();
    await snapshot.close();
  });

  it('are cancelled on the server when nobody reads on', async () => {
    const snapshot = await open(
      `SELECT n, repeat('x', 1000) FROM (SELECT generate_series(1, 10000000) AS n) s`,
    );
    const rows = await snapshot.rows('main');
    rows.once('readable', () => undefined);
    await untilRunning();
    await snapshot.close();
    rows.destroy();
    await untilNothingRuns();
  });

  it('end with the reason of the signal, and are cancelled on the server', async () => {
    const controller = new AbortController();
    const snapshot = await open(endless, 60_000, controller.signal);
    const work = bytesOf(await snapshot.rows('main'));
    await untilRunning();
    const reason = new Error('cancelled by a user');
    controller.abort(reason);
    await expect(work).rejects.toBe(reason);
    await snapshot.close();
    await untilNothingRuns();
  });
});

describe('a network that is cut', () => {
  let proxy: Server;
  const lines: Socket[] = [];

  beforeAll(async () => {
    const { hostname, port } = new URL(database.url);
    proxy = createServer((client) => {
      const server = connect(Number(port), hostname);
      lines.push(client, server);
      client.pipe(server).pipe(client);
      for (const line of [client, server]) line.on('error', () => undefined);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });

  afterAll(() => {
    proxy.close();
  });

  const throughProxy = (): Source => {
    const url = new URL(database.url);
    url.port = String((proxy.address() as AddressInfo).port);
    return sourceAt(url.toString());
  };

  it.each(['resetAndDestroy', 'end'] as const)(
    'by %s among the rows is an error that may pass',
    async (how) => {
      const snapshot = await throughProxy().snapshot(
        {
          main: `SELECT n, repeat('x', 1000) FROM (SELECT generate_series(1, 10000000) AS n) s`,
          queryTimeoutMs: 60_000,
        },
        never,
      );
      const rows = await snapshot.rows('main');
      rows.once('data', () => {
        for (const line of lines) line[how]();
      });
      const error = await failureOf(once(rows, 'end'));
      expect(error).toMatchObject({ phase: 'read', retryable: true });
      expect(error.message).toContain('the connection was lost');
      await snapshot.close();
    },
  );

  it('while nothing runs does not end the process', async () => {
    const snapshot = await throughProxy().snapshot({ main: 'SELECT 1', queryTimeoutMs: 60_000 }, never);
    for (const line of lines) line.resetAndDestroy();
    const error = await vi.waitFor(() => failureOf(snapshot.columns('main')));
    expect(error).toMatchObject({ phase: 'describe', retryable: true });
    await snapshot.close();
  });
});
