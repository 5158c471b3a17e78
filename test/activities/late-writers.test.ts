import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startRuns } from '../support/import-run.js';
import { serveWorkspace, type ServedWorkspace } from '../support/served-workspace.js';
import { connected, run } from '../support/source-database.js';
import { peopleOf } from '../support/store-import.js';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

/*
 * Writers whose rows say when their transaction began, and that commit around the moments at which an import looks. A
 * proxy stands between import and source, so that a writer can commit between the start time and the snapshot, each of
 * which is a connection of its own.
 */

const WORKSPACE = 'late-writers';

let served: ServedWorkspace;
let proxy: TcpProxy;
/** What happens before the import's next connections are let through, in their order. */
let before: (() => Promise<void>)[] = [];
const open: pg.Client[] = [];

beforeAll(async () => {
  served = await serveWorkspace(
    WORKSPACE,
    ['updated_at', 'cut', 'rounded', 'clocks', 'set_back']
      .map((sync) => `  ${sync}: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }\n`)
      .join(''),
    async (url) => {
      proxy = await tcpProxy(url, async () => before.shift()?.());
      return `${proxy.url}?sslmode=disable`;
    },
  );
  await served.source(
    'CREATE TABLE customers (id text, updated_at timestamptz, cut timestamptz, rounded timestamptz(0))',
  );
});
afterEach(async () => {
  vi.useRealTimers();
  // What a test that failed has left open would hold the next one back.
  await Promise.all(open.splice(0).map((writer) => writer.end()));
});
afterAll(async () => {
  await served.close();
  await proxy.down();
});

/** A transaction that has written its row and is still open. */
async function writing(id: string): Promise<pg.Client> {
  const writer = await connected(served.sourceUrl);
  open.push(writer);
  await writer.query('BEGIN');
  await writer.query(`INSERT INTO customers VALUES ($1, now(), date_trunc('second', now()), now())`, [id]);
  return writer;
}

async function commit(writer: pg.Client): Promise<void> {
  await writer.query('COMMIT');
}

async function write(id: string): Promise<void> {
  const writer = await writing(id);
  await commit(writer);
}

/** Waits until the source's clock shows another second, so that what was begun before is older in whole seconds too. */
async function nextSecond(): Promise<void> {
  const second = async () =>
    (await run(served.sourceUrl, 'SELECT floor(extract(epoch FROM now())) AS second'))[0];
  const now = await second();
  await vi.waitFor(async () => expect(await second()).not.toEqual(now), {
    timeout: 20_000,
    interval: 20,
  });
}

async function imported(): Promise<(string | null)[]> {
  return (await peopleOf(served.store, WORKSPACE)).map(({ id }) => id);
}

describe('a row whose time is the beginning of its transaction', () => {
  it.each([
    ['a column with microseconds', 'updated_at', 0],
    ['a column cut to whole seconds', 'cut', 1],
    ['a column rounded to whole seconds', 'rounded', 1],
  ])('is never lost, whenever it is committed: %s', async (_, column, overlapSeconds) => {
    const runs = await startRuns(served, column, {
      query: `SELECT id FROM customers WHERE ${column} > to_timestamp({{last_sync_time}})`,
      overlapSeconds,
    });
    const ids: string[] = [];
    const named = (name: string) => {
      ids.push(`${column}-${name}`);
      return `${column}-${name}`;
    };
    const missed: string[] = [];
    for (const round of [1, 2, 3]) {
      const commitsBetween = await writing(named(`begun before, committed between, ${round}`));
      const commitsAfter = await writing(named(`begun before, committed after, ${round}`));
      const quick = named(`begun and committed between, ${round}`);
      const late = named(`begun between, committed after, ${round}`);
      await nextSecond();
      let begunBetween: pg.Client | undefined;
      const betweenStartTimeAndSnapshot = async () => {
        await commit(commitsBetween);
        await write(quick);
        begunBetween = await writing(late);
      };
      before = [() => Promise.resolve(), betweenStartTimeAndSnapshot];

      const log = await runs.next(async () => {
        await commit(commitsAfter);
        if (begunBetween) await commit(begunBetween);
        await write(named(`committed after, ${round}`));
      });

      expect(log).toMatchObject({ status: 'Completed', startBound: 'open transaction' });
      const there = await imported();
      missed.push(...ids.filter((id) => !there.includes(id)));
    }
    // What it is all about: those were committed too late for an import that is Completed.
    expect(missed.filter((id) => id.includes('committed after'))).not.toEqual([]);

    expect(await runs.next()).toMatchObject({ status: 'Completed', startBound: 'clock' });
    expect(await imported()).toEqual(expect.arrayContaining(ids));
  });
});

describe("the source's clock", () => {
  const query = 'SELECT id FROM customers WHERE updated_at > to_timestamp({{last_sync_time}})';
  const realTime = () => Math.floor(Date.now() / 1000);

  /** Sets Temporal's clock and the worker's apart from the source's. */
  const shift = (seconds: number) =>
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000, shouldAdvanceTime: true });

  it("that is more than a minute ahead does not count: Temporal's does, with a warning", async () => {
    const runs = await startRuns(served, 'clocks', { query, overlapSeconds: 10 });
    const earlier = realTime() - 7200;
    shift(-7200);
    const log = await runs.next();
    expect(log).toMatchObject({ status: 'Completed', startBound: 'temporal clock' });
    expect(log.startTime).toBeGreaterThanOrEqual(earlier - 10);
    expect(log.startTime).toBeLessThanOrEqual(realTime() - 10);
    expect(log.warnings.join()).toMatch(/"crm" is 7[12]\d\d seconds ahead of Temporal's/);
  });

  it('that is more than a minute ahead does not count for an open transaction either', async () => {
    const runs = await startRuns(served, 'clocks', { query });
    const begun = realTime();
    const writer = await writing('open meanwhile');
    shift(-90);
    // Its beginning is ahead of Temporal's clock as well: the least of all counts.
    const log = await runs.next();
    expect(log.startBound).toBe('temporal clock');
    expect(log.startTime).toBeLessThan(begun - 60);
    await commit(writer);
  });

  it('that is less than a minute ahead counts', async () => {
    const runs = await startRuns(served, 'clocks', { query });
    const start = realTime();
    shift(-50);
    const log = await runs.next();
    expect(log).toMatchObject({ startBound: 'clock', warnings: [] });
    expect(log.startTime).toBeGreaterThanOrEqual(start - 1);
  });

  it('that is behind counts, for it is the one that rows are stamped with', async () => {
    const runs = await startRuns(served, 'clocks', { query });
    const now = realTime();
    shift(7200);
    const log = await runs.next();
    expect(log).toMatchObject({ status: 'Completed', startBound: 'clock', warnings: [] });
    expect(log.startTime).toBeLessThan(now + 60);
  });

  it('that was set back behind last_sync_time is a warning: what is written meanwhile is missed', async () => {
    await startRuns(served, 'set_back', { query });
    await served.store.pool.query(
      `UPDATE inlet.sync SET last_sync_time = extract(epoch FROM now()) + 3600 WHERE name = 'set_back'`,
    );
    const log = await (await startRuns(served, 'set_back', { query })).next();
    expect(log).toMatchObject({ status: 'Completed', startBound: 'clock' });
    expect(log.warnings.join()).toMatch(
      /"crm" is 3[56]\d\d seconds behind last_sync_time.* "inlet trigger set_back --full"/,
    );
  });
});
