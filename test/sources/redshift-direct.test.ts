import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SourceError } from '../../sources/source-error.js';
import type { Snapshot, Source } from '../../sources/source.js';
import { makeCertificate } from '../support/certificates.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { redshiftAt } from '../support/redshift-direct-source.js';
import { redshiftWire, type Ending, type RedshiftWire } from '../support/redshift-wire.js';
import {
  asUser,
  bytesOf,
  connected,
  failureOf,
  never,
  rowsOf,
  run,
  sourceAt,
} from '../support/source-database.js';
import { authenticationRequest } from '../support/wire-frames.js';

const endless = 'SELECT count(*) FROM generate_series(1, 1000000000000::bigint)';
const reader = 'redshift_reader';

let database: TestDatabase;
let admin: pg.Client;
let wire: RedshiftWire;
let source: Source;

beforeAll(async () => {
  database = await createDatabase('redshift');
  admin = await connected(database.url);
  await admin.query(`CREATE ROLE ${reader} LOGIN PASSWORD 'x'`);
});

afterAll(async () => {
  await admin.query(`DROP OWNED BY ${reader}`);
  await admin.query(`DROP ROLE ${reader}`);
  await admin.end();
  await database.drop();
});

beforeEach(async () => {
  wire = await redshiftWire(database.url);
  source = redshiftAt(wire.url);
});

afterEach(async () => {
  await source.close();
  await wire.stop();
});

const open = (main: string, signal = never, queryTimeoutMs = 60_000): Promise<Snapshot> =>
  source.snapshot({ main, queryTimeoutMs }, signal);

/** The failure of reading a query, its snapshot closed. */
async function readFailure(query: string, signal = never, queryTimeoutMs = 60_000): Promise<SourceError> {
  const snapshot = await open(query, signal, queryTimeoutMs);
  try {
    return await failureOf(snapshot.rows('main').then(bytesOf));
  } finally {
    await snapshot.close();
  }
}

async function running(): Promise<string[]> {
  const { rows } = await admin.query<{ query: string }>(
    `SELECT query FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        AND state = 'active'`,
  );
  return rows.map(({ query }) => query);
}

const untilRunning = () =>
  vi.waitFor(async () => expect((await running()).join()).toContain('FETCH'), { timeout: 10_000 });
const untilNothingRuns = () =>
  vi.waitFor(async () => expect(await running()).toEqual([]), { timeout: 4_000 });

describe('values come as Redshift wrote them', () => {
  it.each([
    ['a bigint above 2^53', `9007199254740993::bigint`, '9007199254740993'],
    ['the largest bigint', `9223372036854775807::bigint`, '9223372036854775807'],
    [
      'a numeric of 38 digits',
      `12345678901234567890123456789012345.678::numeric(38,3)`,
      '12345678901234567890123456789012345.678',
    ],
    ['a numeric with zeros at its end', `1.500::numeric(10,3)`, '1.500'],
    ['a float8', `0.1::float8 + 0.2::float8`, '0.30000000000000004'],
    ['NaN', `'NaN'::float8`, 'NaN'],
    ['a boolean', 'true', 't'],
    ['NULL', 'NULL::varchar', '\\N'],
    ['an empty text', `''::varchar`, ''],
    ['a text that looks like NULL', `'\\\\N'::varchar`, '\\\\N'],
    [
      'backslash, tab and line breaks',
      `'a\\\\b' || chr(9) || 'c' || chr(10) || 'd' || chr(13)`,
      'a\\\\b\\tc\\nd\\r',
    ],
    ['backspace, form feed and vertical tab', `chr(8) || chr(12) || chr(11)`, '\\b\\f\\v'],
    ['unicode beyond 16 bits', `'Zoë 🚀 日本'`, 'Zoë 🚀 日本'],
    ['a line separator of Unicode', `chr(8232)`, '\u2028'],
    ['a padded CHAR', `'ab'::char(5)`, 'ab   '],
    ['a date', `'2024-02-29'::date`, '2024-02-29'],
    [
      'a timestamp with microseconds',
      `'2024-07-01 12:34:56.000001'::timestamp`,
      '2024-07-01 12:34:56.000001',
    ],
    ['a timestamptz, in UTC', `'2024-07-01 12:00:00+02'::timestamptz`, '2024-07-01 10:00:00+00'],
    [
      'a SUPER',
      `'{"a": [1, "x\\\\ty"], "b": 9007199254740993}'::json`,
      '{"a": [1, "x\\\\ty"], "b": 9007199254740993}',
    ],
  ])('%s', async (_what, expression, expected) => {
    expect(await rowsOf(source, `SELECT ${expression}, 'end'`)).toBe(`${expected}\tend\n`);
  });

  it('byte for byte as COPY would have written it', async () => {
    const query = `SELECT chr(n), NULL::text, chr(n) || n || chr(n), '' FROM generate_series(1, 3000) n ORDER BY n`;
    const postgres = sourceAt(database.url);
    expect(await rowsOf(source, query)).toBe(await rowsOf(postgres, query));
    await postgres.close();
  });

  it('whatever the user has set for DateStyle, TimeZone and digits', async () => {
    await admin.query(`ALTER ROLE ${reader} SET datestyle = 'German, DMY'`);
    await admin.query(`ALTER ROLE ${reader} SET timezone = 'Asia/Tokyo'`);
    const other = redshiftAt(asUser(wire.url, reader, 'x'));
    const rows = await rowsOf(
      other,
      `SELECT '2024-07-01 12:00:00+00'::timestamptz, 0.1::float8 + 0.2::float8`,
    );
    await admin.query(`ALTER ROLE ${reader} RESET ALL`);
    expect(rows).toBe('2024-07-01 12:00:00+00\t0.30000000000000004\n');
  });
});

describe('a query is described', () => {
  it('with the types that the store reads', async () => {
    const columns = await source.describe(
      `SELECT 1::int2 AS a, 1::int4 AS b, 1::int8 AS c, 1.5::numeric(10,2) AS d, 1::float4 AS e, 1::float8 AS f,
              true AS g, '2024-01-01'::date AS h, '2024-01-01'::timestamp AS i, '2024-01-01'::timestamptz AS j,
              '{}'::json AS k, 'x'::varchar(10) AS l, 'x'::char(3) AS m, '12:00'::time AS n, '\\\\x00'::bytea AS "O"`,
      never,
    );
    expect(columns.map(({ name, type, array, sourceType }) => [name, type, array, sourceType])).toEqual([
      ['a', 'bigint', false, 'smallint'],
      ['b', 'bigint', false, 'integer'],
      ['c', 'bigint', false, 'bigint'],
      ['d', 'numeric', false, 'numeric(10,2)'],
      ['e', 'real', false, 'real'],
      ['f', 'double precision', false, 'double precision'],
      ['g', 'boolean', false, 'boolean'],
      ['h', 'date', false, 'date'],
      ['i', 'timestamp', false, 'timestamp'],
      ['j', 'timestamptz', false, 'timestamptz'],
      ['k', 'json', false, 'super'],
      ['l', 'text', false, 'character varying(10)'],
      ['m', 'text', false, 'character(3)'],
      ['n', 'text', false, 'time'],
      ['O', 'text', false, 'type 17'],
    ]);
  });

  it('with backslashes in its texts as Redshift reads them', async () => {
    expect(await rowsOf(source, String.raw`SELECT 'it\'s; $1'; -- one`)).toBe("it's; $1\n");
  });

  it('without running it', async () => {
    await admin.query('CREATE SEQUENCE described');
    await source.describe(`SELECT nextval('described')`, never);
    const { rows } = await admin.query('SELECT is_called FROM described');
    expect(rows).toEqual([{ is_called: false }]);
  });

  it.each([
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE customers; --',
    `SELECT 1) q; DELETE FROM customers; SELECT * FROM (SELECT 1`,
    `SELECT 'it\\'; DELETE FROM customers; --'; SELECT 2`,
  ])('and refused where it is several statements: %s', async (query) => {
    expect(await failureOf(source.describe(query, never))).toMatchObject({
      phase: 'describe',
      retryable: false,
      sqlstate: '42601',
    });
    expect(await readFailure(query)).toMatchObject({ phase: 'describe', sqlstate: '42601' });
  });

  it('and refused with the place in the text as written', async () => {
    const error = await failureOf(source.describe('SELECT {{last_sync_time}} AS id,\n  nix', never));
    expect(error).toMatchObject({ phase: 'describe', retryable: false, sqlstate: '42703' });
    expect(error.position).toEqual({ line: 2, column: 3 });
  });

  it('and refused where it would write', async () => {
    await admin.query('CREATE TABLE kept (id integer)');
    const query = 'WITH gone AS (DELETE FROM kept RETURNING id) SELECT * FROM gone';
    expect(await failureOf(source.describe(query, never))).toMatchObject({ retryable: false });
  });
});

describe('a snapshot', () => {
  it('gives the rows of both queries as they were at one moment', async () => {
    await admin.query('CREATE TABLE seen (id integer)');
    const snapshot = await source.snapshot(
      { main: 'SELECT * FROM seen', relationships: 'SELECT count(*) FROM seen', queryTimeoutMs: 60_000 },
      never,
    );
    await snapshot.columns('main');
    await admin.query('INSERT INTO seen VALUES (1)');
    const main = (await bytesOf(await snapshot.rows('main'))).toString();
    await admin.query('INSERT INTO seen VALUES (2)');
    const relationships = (await bytesOf(await snapshot.rows('relationships'))).toString();
    await snapshot.close();
    expect([main, relationships]).toEqual(['', '0\n']);
  });

  it('describes both queries before the first row of either', async () => {
    const request = { main: 'SELECT 1', relationships: 'SELECT nix', queryTimeoutMs: 60_000 };
    const snapshot = await source.snapshot(request, never);
    const error = await failureOf(snapshot.rows('main'));
    await snapshot.close();
    expect(error).toMatchObject({ phase: 'describe', sqlstate: '42703' });
    expect(error.message).toMatch(/^Relationship query: /);
    expect(wire.statements.join()).not.toContain('DECLARE');
  });

  it('reads one query after the other, even if both are asked for at once', async () => {
    const request = {
      main: 'SELECT generate_series(1, 25000)',
      relationships: 'SELECT generate_series(1, 3)',
      queryTimeoutMs: 60_000,
    };
    const snapshot = await source.snapshot(request, never);
    const streams = [await snapshot.rows('main'), await snapshot.rows('relationships')];
    const [main, relationships] = await Promise.all(streams.map(bytesOf));
    await snapshot.close();
    expect(main?.toString().split('\n')).toHaveLength(25_001);
    expect(relationships?.toString()).toBe('1\n2\n3\n');
  });

  it.each([0, 1, 9_999, 10_000, 10_001, 20_000])('gives all of %i rows, in their order', async (count) => {
    const rows = await rowsOf(source, `SELECT n FROM generate_series(1, ${count}) n ORDER BY n`);
    expect(rows).toBe(Array.from({ length: count }, (_, index) => `${index + 1}\n`).join(''));
  });

  it.each([1, 2, 1500])('gives %i rows, if no more are asked for', async (limit) => {
    const rows = await rowsOf(
      source,
      'SELECT n FROM generate_series(1, 5000) n ORDER BY n DESC; -- all',
      limit,
    );
    expect(rows.split('\n')).toHaveLength(limit + 1);
    expect(rows).toMatch(/^5000\n/);
  });

  it('fills {{last_sync_time}} in', async () => {
    const request = { main: 'SELECT {{ last_sync_time }}', queryTimeoutMs: 60_000 };
    const snapshot = await source.snapshot({ ...request, lastSyncTime: 1_700_000_000 }, never);
    const rows = (await bytesOf(await snapshot.rows('main'))).toString();
    await snapshot.close();
    expect(rows).toBe('1700000000\n');
  });

  it('writes nothing, whatever a function in the query tries', async () => {
    await admin.query('CREATE TABLE victims (id integer)');
    await admin.query('INSERT INTO victims VALUES (1)');
    await admin.query(
      `CREATE FUNCTION kill() RETURNS bigint LANGUAGE sql AS $$ DELETE FROM victims; SELECT 1::bigint $$`,
    );
    const error = await readFailure('SELECT kill()');
    const { rows } = await admin.query('SELECT id FROM victims');
    expect(error).toMatchObject({ phase: 'read', retryable: false, sqlstate: '25006' });
    expect(error.message).toContain('it would write, and Inlet only reads');
    expect(rows).toHaveLength(1);
  });

  it('begins with READ ONLY, and without it where readOnly is false', async () => {
    await rowsOf(source, 'SELECT 1');
    await rowsOf(redshiftAt(wire.url, { readOnly: false }), 'SELECT 1');
    expect(wire.statements.filter((text) => text.startsWith('BEGIN'))).toEqual([
      'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY',
      'BEGIN ISOLATION LEVEL SERIALIZABLE',
    ]);
  });

  it('names readOnly: off where external tables are refused, and that helps', async () => {
    await admin.query('CREATE TABLE spectrum_sales (id integer)');
    const message = 'transaction is read-only';
    wire.refusals.push({ statement: /DECLARE.*spectrum_/s, sqlstate: '25006', message, readOnly: true });
    const query = 'SELECT * FROM spectrum_sales';
    const error = await readFailure(query);
    expect(error).toMatchObject({ retryable: false, databaseMessage: `${message}.` });
    expect(error.message).toContain('readOnly: off');
    expect(await rowsOf(redshiftAt(wire.url, { readOnly: false }), query)).toBe('');
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
    const snapshot = await open(endless);
    const failure = failureOf(bytesOf(await snapshot.rows('main')));
    await untilRunning();
    await source.close();
    expect((await failure).message).toContain('closed');
    await untilNothingRuns();
  });
});

describe('a cluster of one node', () => {
  beforeEach(() => {
    wire.singleNode = true;
  });

  it('is asked for 1000 rows at a time, after one refusal', async () => {
    const query = 'SELECT n FROM generate_series(1, 2500) n ORDER BY n';
    const rows = await rowsOf(source, query);
    expect(rows.split('\n')).toHaveLength(2501);
    await rowsOf(source, query);
    const sizes = wire.statements.flatMap((text) => /^FETCH FORWARD (\d+)/.exec(text)?.[1] ?? []);
    expect(sizes).toEqual(['10000', '1000', '1000', '1000', '1000', '1000', '1000']);
  });

  it('still shows both queries one moment', async () => {
    await admin.query('CREATE TABLE single (id integer)');
    const request = {
      main: 'SELECT * FROM single',
      relationships: 'SELECT count(*) FROM single',
      queryTimeoutMs: 60_000,
    };
    const snapshot = await source.snapshot(request, never);
    const main = (await bytesOf(await snapshot.rows('main'))).toString();
    await admin.query('INSERT INTO single VALUES (1)');
    const relationships = (await bytesOf(await snapshot.rows('relationships'))).toString();
    await snapshot.close();
    expect([main, relationships]).toEqual(['', '0\n']);
  });

  it('is read anew only if the columns are still the same', async () => {
    await admin.query('CREATE TABLE changing (id integer)');
    const snapshot = await open('SELECT * FROM changing');
    const rows = await snapshot.rows('main');
    // The transaction that described it holds its lock, so the change comes between the two.
    const change = admin.query('ALTER TABLE changing ADD COLUMN email varchar');
    const error = await failureOf(bytesOf(rows));
    await snapshot.close();
    await change;
    expect(error).toMatchObject({ phase: 'read', retryable: true });
    expect(error.message).toContain('columns of the query changed');
  });

  it('gives few rows of one query, and then all of the other', async () => {
    const request = {
      main: 'SELECT generate_series(1, 5000)',
      relationships: 'SELECT generate_series(1, 5000)',
      queryTimeoutMs: 60_000,
    };
    const snapshot = await source.snapshot(request, never);
    const main = await bytesOf(await snapshot.rows('main', 3));
    const relationships = await bytesOf(await snapshot.rows('relationships'));
    await snapshot.close();
    expect(main.toString()).toBe('1\n2\n3\n');
    expect(relationships.toString().split('\n')).toHaveLength(5001);
  });
});

describe('300 MB of rows in one FETCH', () => {
  it('take no more memory than a slow reader lets in', async () => {
    const snapshot = await open(`SELECT n, repeat('x', 100000) FROM generate_series(1, 3000) n`);
    let bytes = 0;
    let lines = 0;
    let peak = 0;
    let furthestAhead = 0;
    const before = process.memoryUsage().rss;
    const slowReader = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
        peak = Math.max(peak, process.memoryUsage().rss);
        furthestAhead = Math.max(furthestAhead, wire.sent - bytes);
        setImmediate(done);
      },
    });
    await pipeline(await snapshot.rows('main'), slowReader);
    await snapshot.close();
    expect(lines).toBe(3000);
    expect(bytes).toBeGreaterThan(300_000_000);
    expect(peak - before).toBeLessThan(150_000_000);
    expect(furthestAhead).toBeLessThan(30_000_000);
    expect(wire.statements.filter((text) => text.startsWith('FETCH'))).toHaveLength(1);
  });
});

describe('rows that can not be read to their end', () => {
  it('end in an error that quotes no cell where it is printed', async () => {
    const error = await readFailure(`SELECT ('hunter' || n)::integer FROM generate_series(1, 5) n`);
    expect(error).toMatchObject({ phase: 'read', retryable: false, sqlstate: '22P02' });
    expect(error.databaseMessage).toContain('hunter1');
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain('hunter');
  });

  it('end in an error at the row that fails, however far on', async () => {
    const snapshot = await open(`SELECT n, 100 / (25000 - n) FROM generate_series(1, 30000) n`);
    let bytes = 0;
    const rows = await snapshot.rows('main');
    rows.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const error = await failureOf(once(rows, 'end'));
    await snapshot.close();
    expect(bytes).toBeGreaterThan(100_000);
    expect(error).toMatchObject({ phase: 'read', sqlstate: '22012' });
  });

  it('name queryTimeout when they took longer than it', async () => {
    const error = await readFailure(endless, never, 300);
    expect(error).toMatchObject({ sqlstate: '57014', retryable: false });
    expect(error.databaseMessage).toContain("canceled on user's request");
    expect(error.message).toMatch(/longer than it may, 300ms;.*queryTimeout/);
  });

  it.each([
    ['XX000', '1023 Serializable isolation violation on table - 100068', true, 'conflicts with other'],
    [
      'XX000',
      'exceeded the maximum size allowed for the total set of cursor data: 8000MB.',
      false,
      'Data API',
    ],
    ['57014', `Query (7) canceled on user's request`, false, 'somebody cancelled it'],
    ['53300', 'too many connections', true, 'too many connections'],
    ['XX000', 'connection limit "500" exceeded for non-bootstrap users', true, 'too many connections'],
    ['XX000', 'Query (7) canceled by WLM abort action', false, 'workload management'],
    ['XX000', 'Disk Full', false, 'disk is full'],
    ['XX000', 'table 100068 dropped by concurrent transaction', true, 'replaced at that moment'],
    ['XX000', 'cell 42', false, 'internal error'],
    ['57P01', 'terminating connection due to administrator command', true, 'shut down'],
  ])('by %s "%s" may be tried again: %s', async (sqlstate, message, retryable, words) => {
    wire.refusals.push({ statement: /^FETCH/, sqlstate, message });
    const error = await readFailure('SELECT 1');
    expect(error).toMatchObject({ phase: 'read', sqlstate, retryable });
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('cell 42');
    expect(error.databaseMessage).toContain(message);
  });

  it('are cancelled in the cluster when the reader stops early', async () => {
    const snapshot = await open(endless);
    const rows = await snapshot.rows('main');
    rows.resume();
    await untilRunning();
    rows.destroy();
    await once(rows, 'close');
    await untilNothingRuns();
    await snapshot.close();
  });

  it('end with the reason of the signal, and are cancelled in the cluster', async () => {
    const controller = new AbortController();
    const snapshot = await open(endless, controller.signal);
    const work = bytesOf(await snapshot.rows('main'));
    await untilRunning();
    const reason = new Error('cancelled by a user');
    controller.abort(reason);
    await expect(work).rejects.toBe(reason);
    await snapshot.close();
    await untilNothingRuns();
  });

  it('end with the reason of the signal, though the reader has paused between two FETCHes', async () => {
    const controller = new AbortController();
    const snapshot = await open(`SELECT repeat('x', 100) FROM generate_series(1, 50000)`, controller.signal);
    const rows = await snapshot.rows('main');
    rows.once('readable', () => undefined);
    await vi.waitFor(() => expect(rows.readableLength).toBeGreaterThan(0));
    const failure = once(rows, 'end');
    const reason = new Error('cancelled by a user');
    controller.abort(reason);
    rows.resume();
    await expect(failure).rejects.toBe(reason);
    await snapshot.close();
    await untilNothingRuns();
  });
});

describe('a network that is cut', () => {
  const rows = `SELECT n, repeat('x', 1000) FROM generate_series(1, 25000) n`;

  const readAll = async (): Promise<void> => {
    const snapshot = await source.snapshot(
      { main: rows, relationships: 'SELECT 1 AS id', queryTimeoutMs: 60_000 },
      never,
    );
    try {
      const main = await bytesOf(await snapshot.rows('main'));
      expect(main.toString('latin1', 0, main.length).split('\n')).toHaveLength(25_001);
      expect((await bytesOf(await snapshot.rows('relationships'))).toString()).toBe('1\n');
    } finally {
      await snapshot.close();
    }
  };

  /** Early on every message counts; later, any place in the rows. Numbers without a plan, the same in each run. */
  const points = Array.from({ length: 30 }, (_, index) =>
    index < 20 ? index * 151 + ((index * 7919) % 149) : 5_000 + ((index * 2_654_435_761) % 24_000_000),
  );
  it.each(points.map((bytes, index): [Ending, number] => [index % 2 === 0 ? 'reset' : 'close', bytes]))(
    'by %s after %i bytes leaves an error that may pass, and a source that works',
    async (ending, bytes) => {
      wire.endAfter(bytes, ending);
      const error = await failureOf(readAll());
      expect(error).toMatchObject({ retryable: true });
      await readAll();
    },
  );

  it.each([0, 1, 100, 300, 500, 650])(
    'after %i bytes of the start time is an error that may pass',
    async (bytes) => {
      wire.endAfter(bytes, 'reset');
      expect(await failureOf(source.startTime(never))).toMatchObject({ retryable: true });
      expect(await source.startTime(never)).toMatchObject({ bound: 'clock' });
    },
  );

  it('while nothing runs does not end the process', async () => {
    const snapshot = await open('SELECT 1');
    wire.end('reset');
    const error = await failureOf(snapshot.columns('main'));
    expect(error).toMatchObject({ phase: 'describe', retryable: true });
    await snapshot.close();
  });

  it('while the reader pauses is told when it reads on', async () => {
    const snapshot = await open(rows);
    const stream = await snapshot.rows('main');
    stream.once('readable', () => undefined);
    await vi.waitFor(() => expect(stream.readableLength).toBeGreaterThan(0));
    wire.end('reset');
    expect(await failureOf(bytesOf(stream))).toMatchObject({ phase: 'read', retryable: true });
    await snapshot.close();
  });

  it('that only stalls ends with the signal', async () => {
    const controller = new AbortController();
    const snapshot = await open(rows, controller.signal);
    const stream = await snapshot.rows('main');
    const before = wire.sent;
    wire.endAfter(100_000, 'stall');
    const reason = new Error('cancelled by a user');
    const ended = expect(bytesOf(stream)).rejects.toBe(reason);
    await vi.waitFor(() => expect(wire.sent - before).toBe(100_000));
    controller.abort(reason);
    await ended;
    await snapshot.close();
  });
});

describe('connecting', () => {
  it.each([
    [13, /SHA-256 digest.*MD5 password.*Data API/],
    [14, /identity provider.*Data API/],
    [7, /Kerberos/],
    [99, /a kind of authentication, 99/],
  ])('fails with a sentence where the cluster wants authentication %i', async (code, words) => {
    wire.authentication = code;
    const error = await failureOf(source.startTime(never));
    expect(error).toMatchObject({ phase: 'connect', retryable: false });
    expect(error.message).toMatch(words);
    expect(await source.check(never)).toMatchObject([{ level: 'problem', subject: 'connects' }]);
  });

  it('fails so over TLS, too', async () => {
    const { key, certificate } = makeCertificate({ commonName: 'cluster', hosts: ['localhost'] });
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write('S');
        const line = new TLSSocket(socket, { isServer: true, key, cert: certificate });
        line.on('error', () => undefined);
        line.once('data', () => line.write(authenticationRequest(13)));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const error = await failureOf(
      redshiftAt(`postgres://u:p@127.0.0.1:${port}/dev`, { ssl: 'require' }).startTime(never),
    );
    server.close();
    expect(error.message).toContain('SHA-256 digest');
  });

  it('verifies certificate and host by default', async () => {
    const error = await failureOf(
      redshiftAt('postgres://u:p@cluster.invalid/dev?connect_timeout=2').startTime(never),
    );
    expect(error.message).toContain('cluster.invalid:5439');
    expect(error).toMatchObject({ phase: 'connect', retryable: true });
    const local = await failureOf(redshiftAt(wire.url, { ssl: 'verify-full' }).startTime(never));
    expect(local.message).toContain('does not speak TLS');
  });

  it('sends nothing at the start, and sets nothing, that Redshift does not know', async () => {
    await rowsOf(source, 'SELECT 1');
    expect(wire.statements.filter((text) => text.startsWith('SET'))).toEqual([
      `SET client_encoding TO 'UTF8'`,
      `SET datestyle TO 'ISO, YMD'`,
      `SET timezone TO 'UTC'`,
      'SET extra_float_digits TO 2',
      'SET statement_timeout TO 60000',
      `SET application_name TO 'inlet: read-only snapshot'`,
    ]);
  });
});

describe('the start time', () => {
  const asReader = () => redshiftAt(asUser(wire.url, reader, 'x'));

  it("is the cluster's clock, in whole seconds", async () => {
    const before = Math.floor(Date.now() / 1000);
    const start = await source.startTime(never);
    const after = Math.ceil(Date.now() / 1000);
    expect(start).toMatchObject({ bound: 'clock', seconds: start.clock, warnings: [] });
    expect(start.clock).toBeGreaterThanOrEqual(before - 1);
    expect(start.clock).toBeLessThanOrEqual(after);
  });

  it('is the start of the oldest transaction that is open', async () => {
    await admin.query('BEGIN');
    const { rows } = await admin.query<{ start: number }>(
      'SELECT floor(extract(epoch FROM now()))::int AS start',
    );
    const opened = rows[0]?.start ?? NaN;
    const start = await vi.waitFor(
      async () => {
        const found = await source.startTime(never);
        expect(found.clock).toBeGreaterThan(opened);
        return found;
      },
      { timeout: 5_000 },
    );
    await admin.query('ROLLBACK');
    expect(start).toMatchObject({ bound: 'open transaction', seconds: opened });
  });

  it("names overlap where others' transactions can't be seen", async () => {
    const start = await asReader().startTime(never);
    expect(start.bound).toBe('clock');
    expect(start.warnings.join()).toMatch(/can't be seen.*sys:monitor.*overlap/);
  });

  it('needs no word with sys:monitor', async () => {
    await admin.query(`GRANT pg_read_all_stats TO ${reader}`);
    const start = await asReader().startTime(never);
    await admin.query(`REVOKE pg_read_all_stats FROM ${reader}`);
    expect(start.warnings).toEqual([]);
  });

  it('is the clock where svv_transactions is refused', async () => {
    const message = 'permission denied for relation svv_transactions';
    wire.refusals.push({ statement: /svv_transactions/, sqlstate: '42501', message });
    expect(await source.startTime(never)).toMatchObject({ bound: 'clock' });
  });
});

describe('check', () => {
  const findingsOf = (url: string) => redshiftAt(url).check(never);

  it('says how it connects, and what it found', async () => {
    const findings = await findingsOf(asUser(wire.url, reader, 'x'));
    expect(findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
      'ok connects',
      'ok TLS',
      'ok version',
      'ok statement timeout',
      'ok read-only',
      'warning open transactions',
      'ok read-only transactions',
    ]);
    const messages = findings.map(({ message }) => message).join('\n');
    expect(messages).toContain(`as user "${reader}"`);
    expect(messages).toContain('Amazon Redshift 1.0.77467.');
    expect(messages).toContain('may take 1m (queryTimeout)');
  });

  it('warns of a superuser', async () => {
    const finding = (await findingsOf(wire.url)).find(({ subject }) => subject === 'read-only');
    expect(finding).toMatchObject({ level: 'warning' });
    expect(finding?.message).toContain('is a superuser');
  });

  it('names tables that the user may write to, and schemas where it may create some', async () => {
    await run(
      database.url,
      'CREATE SCHEMA sales',
      'CREATE TABLE sales.orders (id integer)',
      `GRANT USAGE, CREATE ON SCHEMA sales TO ${reader}`,
      `GRANT INSERT, DELETE ON sales.orders TO ${reader}`,
    );
    const findings = await findingsOf(asUser(wire.url, reader, 'x'));
    await run(database.url, 'DROP SCHEMA sales CASCADE');
    const messages = findings.filter(({ level }) => level === 'warning').map(({ message }) => message);
    expect(messages.join()).toContain('INSERT, DELETE on sales.orders');
    expect(messages.join()).toContain('create objects in schema sales');
  });

  it('finds a problem in a PostgreSQL', async () => {
    wire.admitsPostgres = true;
    const findings = await source.check(never);
    expect(findings.at(-1)).toMatchObject({ level: 'problem', subject: 'version' });
    expect(findings.at(-1)?.message).toContain('use type: postgres');
  });

  it('finds a problem where READ ONLY is not known', async () => {
    wire.refusals.push({ statement: /READ ONLY/, sqlstate: '42601', message: 'syntax error' });
    const findings = await source.check(never);
    expect(findings.at(-1)).toMatchObject({ level: 'problem', subject: 'statements' });
  });

  it('does not throw where it cannot connect', async () => {
    const findings = await findingsOf(asUser(wire.url, reader, 'wrong'));
    expect(findings.map(({ level, subject }) => [level, subject])).toEqual([['problem', 'connects']]);
  });
});
