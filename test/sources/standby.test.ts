import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Source } from '../../sources/source.js';
import { startRuns } from '../support/import-run.js';
import { serveWorkspace, type ServedWorkspace } from '../support/served-workspace.js';
import { connected, never, run, sourceAt } from '../support/source-database.js';
import { startStreamingPair, type StreamingPair } from '../support/standby.js';
import { peopleOf } from '../support/store-import.js';

const WORKSPACE = 'standby';

let pair: StreamingPair;
let standby: Source;

beforeAll(async () => {
  pair = await startStreamingPair();
  standby = sourceAt(pair.standbyUrl);
});
afterAll(async () => {
  await standby.close();
  await pair.stop();
});

async function clock(): Promise<number> {
  const [row] = await run(pair.primaryUrl, 'SELECT extract(epoch FROM clock_timestamp())::float8 AS now');
  return Number(row?.['now']);
}

const finding = async (subject: string) =>
  (await standby.check(never)).find((found) => found.subject === subject);

describe('a standby that has replayed no transaction yet', () => {
  it('does not let last_sync_time advance, and says so', async () => {
    const start = await standby.startTime(never);
    expect(start).toMatchObject({ seconds: null, bound: 'replay' });
    expect(start.warnings.join()).toContain('has replayed no transaction since it was started');
  });

  it('is a warning of check', async () => {
    expect(await finding('primary or standby')).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('Until it has, last_sync_time does not advance.') as string,
    });
  });
});

describe('a standby', () => {
  let served: ServedWorkspace;
  let writer: pg.Client;

  beforeAll(async () => {
    served = await serveWorkspace(
      WORKSPACE,
      ['seen', 'late']
        .map((sync) => `  ${sync}: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }\n`)
        .join(''),
      () => Promise.resolve(pair.standbyUrl),
    );
    await run(
      pair.primaryUrl,
      'CREATE TABLE customers (id text, updated_at timestamptz NOT NULL DEFAULT now())',
    );
    await pair.caughtUp();
    writer = await connected(pair.primaryUrl);
  });
  afterEach(() => writer.query('ROLLBACK'));
  afterAll(async () => {
    await writer.end();
    await served.close();
  });

  const query = 'SELECT id FROM customers WHERE updated_at > to_timestamp({{last_sync_time}})';
  const write = (id: string) => run(pair.primaryUrl, `INSERT INTO customers VALUES ('${id}')`);
  const imported = async () => (await peopleOf(served.store, WORKSPACE)).map(({ id }) => id);

  it('gives the time of the newest transaction that it has replayed, however much later it is', async () => {
    await write('first');
    const written = await clock();
    await pair.caughtUp();
    const { seconds, bound } = await standby.startTime(never);
    expect(bound).toBe('replay');
    expect(seconds).toBeLessThanOrEqual(written);
    expect(seconds).toBeGreaterThan(written - 10);
  });

  it('whose replay is paused does not pass over what it has not replayed: it comes with the next import', async () => {
    const runs = await startRuns(served, 'seen', { query });
    await pair.caughtUp();
    await pair.pauseReplay();
    const [paused] = await run(
      pair.standbyUrl,
      'SELECT extract(epoch FROM pg_last_xact_replay_timestamp())::float8 AS at',
    );
    await write('not replayed');

    const first = await runs.next();
    expect(first).toMatchObject({ status: 'Completed', startBound: 'replay' });
    expect(first.startTime).toBe(Math.floor(Number(paused?.['at'])) - 1);
    expect(await imported()).not.toContain('not replayed');
    expect(await runs.next()).toMatchObject({ status: 'Completed', startTime: first.startTime });

    await pair.resumeReplay();
    await pair.caughtUp();
    await runs.next();
    expect(await imported()).toContain('not replayed');
  });

  it('can not see transactions that are open on its primary: every import says so, and check names overlap', async () => {
    await writer.query('BEGIN');
    await writer.query(`INSERT INTO customers VALUES ('open')`);
    await write('committed meanwhile');
    await pair.caughtUp();
    const { bound, warnings } = await standby.startTime(never);
    expect(bound).toBe('replay');
    expect(warnings.join()).toMatch(/open on the primary can't be seen.*overlap/);
    expect(await finding('open transactions')).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(/primary can't be seen.*overlap/) as string,
    });
  });

  it('loses nothing of them where overlap is more than they take', async () => {
    const runs = await startRuns(served, 'late', { query, overlapSeconds: 600 });
    await writer.query('BEGIN');
    await writer.query(`INSERT INTO customers VALUES ('committed late')`);
    await write('committed before it');
    await pair.caughtUp();
    await runs.next();
    await writer.query('COMMIT');
    await pair.caughtUp();
    await runs.next();
    expect(await imported()).toContain('committed late');
  });
});

describe('a primary with a prepared transaction', () => {
  it('does not let last_sync_time advance, names it in the log, and brings its rows in once it is committed', async () => {
    await run(pair.primaryUrl, 'CREATE TABLE transfers (id text, updated_at timestamptz DEFAULT now())');
    const served = await serveWorkspace(
      'prepared',
      '  transfers: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }\n',
      () => Promise.resolve(pair.primaryUrl),
    );
    onTestFinished(() => served.close());
    const runs = await startRuns(served, 'transfers', {
      query: 'SELECT id FROM transfers WHERE updated_at > to_timestamp({{last_sync_time}})',
    });
    const before = await runs.next();
    expect(before).toMatchObject({ status: 'Completed', startBound: 'clock' });
    await run(
      pair.primaryUrl,
      'BEGIN',
      `INSERT INTO transfers VALUES ('in doubt')`,
      `PREPARE TRANSACTION 'transfer'`,
    );

    const held = await runs.next();
    expect(held).toMatchObject({ status: 'Completed', startTime: null, startBound: 'prepared transaction' });
    expect(held.warnings.join()).toContain('COMMIT PREPARED');
    await run(pair.primaryUrl, `COMMIT PREPARED 'transfer'`);

    const after = await runs.next();
    expect(after).toMatchObject({ startBound: 'clock', lastSyncTime: before.startTime });
    expect((await peopleOf(served.store, 'prepared')).map(({ id }) => id)).toEqual(['in doubt']);
  });
});
