import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../sources/source.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { asUser, connected, never, run, sourceAt } from '../support/source-database.js';
import { startTlsPostgres } from '../support/tls-postgres.js';

let database: TestDatabase;
let source: Source;
let writer: pg.Client;

beforeAll(async () => {
  database = await createDatabase('start_time');
  source = sourceAt(database.url);
  writer = await connected(database.url);
});

afterEach(() => writer.query('ROLLBACK'));

afterAll(async () => {
  await writer.end();
  await source.close();
  await database.drop();
});

/** Begins a transaction; gives its own now(), in Unix seconds. */
async function begin(client: pg.Client): Promise<number> {
  await client.query('BEGIN');
  const { rows } = await client.query<{ now: number }>('SELECT extract(epoch FROM now())::float8 AS now');
  return rows[0]?.now ?? 0;
}

async function serverClock(url: string): Promise<number> {
  const [row] = await run(url, 'SELECT extract(epoch FROM now())::float8 AS now');
  return Number(row?.['now']);
}

describe('the start time', () => {
  it("is the source's clock, in whole seconds, where nothing is open", async () => {
    const before = await serverClock(database.url);
    const { seconds, bound, warnings } = await source.startTime(never);
    const after = await serverClock(database.url);
    expect(seconds).toBeGreaterThanOrEqual(Math.floor(before));
    expect(seconds).toBeLessThanOrEqual(after);
    expect(Number.isInteger(seconds)).toBe(true);
    expect([bound, warnings]).toEqual(['clock', []]);
  });

  it('is when the oldest open transaction began, for it may commit rows of that time', async () => {
    const began = await begin(writer);
    expect(await source.startTime(never)).toMatchObject({
      seconds: Math.floor(began),
      bound: 'open transaction',
      warnings: [],
    });
  });

  it('is not held back by a snapshot of ours, which writes nothing', async () => {
    const snapshot = await source.snapshot({ main: 'SELECT pg_sleep(2)', queryTimeoutMs: 60_000 }, never);
    (await snapshot.rows('main')).resume();
    const { bound } = await source.startTime(never);
    await snapshot.close();
    expect(bound).toBe('clock');
  });

  it('is not held back by a transaction in another database', async () => {
    const other = await createDatabase('start_time_other');
    const { bound } = await sourceAt(other.url).startTime(never);
    await begin(writer);
    expect([bound, (await sourceAt(other.url).startTime(never)).bound]).toEqual(['clock', 'clock']);
    await other.drop();
  });

  it('does not advance while a transaction is prepared, whose beginning nobody knows', async () => {
    const server = await startTlsPostgres();
    try {
      await run(server.superuserUrl, 'BEGIN', 'CREATE TABLE t ()', `PREPARE TRANSACTION 'transfer'`);
      const held = await sourceAt(server.superuserUrl).startTime(never);
      expect(held).toMatchObject({ seconds: null, bound: 'prepared transaction' });
      expect(held.warnings.join()).toContain('COMMIT PREPARED');
      await run(server.superuserUrl, `COMMIT PREPARED 'transfer'`);
      expect((await sourceAt(server.superuserUrl).startTime(never)).bound).toBe('clock');
    } finally {
      await server.stop();
    }
  });
});

describe('transactions of other users', () => {
  beforeAll(() => run(database.url, `CREATE ROLE start_time_reader LOGIN PASSWORD 'x'`));
  afterAll(() => run(database.url, 'DROP ROLE start_time_reader'));

  it('that the user may not see are a warning that names what to do', async () => {
    const reader = sourceAt(asUser(database.url, 'start_time_reader', 'x'));
    await begin(writer);
    const { bound, warnings } = await reader.startTime(never);
    expect(bound).toBe('clock');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/pg_read_all_stats.*overlap/);
  });

  it('are seen with pg_read_all_stats', async () => {
    await run(database.url, 'GRANT pg_read_all_stats TO start_time_reader');
    const reader = sourceAt(asUser(database.url, 'start_time_reader', 'x'));
    const began = await begin(writer);
    expect(await reader.startTime(never)).toMatchObject({
      seconds: Math.floor(began),
      bound: 'open transaction',
      warnings: [],
    });
  });
});
