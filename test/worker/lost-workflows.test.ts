import { Client, Connection } from '@temporalio/client';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import {
  importId,
  mutexId,
  mutexState,
  syncId,
  syncStatus,
  trigger as triggerUpdate,
} from '../../workflows/messages.js';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';
import { resetWorkflow } from '../support/reset.js';

/*
 * Workflows that somebody terminates or resets in Temporal, with the real worker, source and store. An import is held
 * while it copies, by a lock on the table that it reads.
 */

const ROWS = 100;

let inlet: Inlet;
let client: Client;
let connection: Connection;
let other: string;
const locks = new Map<string, pg.PoolClient>();

beforeAll(async () => {
  inlet = await createInlet();
  connection = await Connection.connect({ address: inject('temporalAddress') });
  client = new Client({ connection });
  other = `${inlet.workspace}-2`;
  const sync = (name: string) =>
    `  ${name}: { database: crm, every: 6h, whenBusy: wait, identifyBy: id, query: SELECT id FROM ${name} }\n`;
  const file = (workspace: string, syncs: string[]) => `
workspace: { name: ${workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
${syncs.map(sync).join('')}`;
  await inlet.write(file(inlet.workspace, ['one', 'two']));
  await inlet.write(file(other, ['three']), 'other.yaml');
  for (const table of ['one', 'two', 'three'])
    await inlet.source.query(
      `CREATE TABLE ${table} AS SELECT '${table}-' || id AS id FROM generate_series(1, ${ROWS}) id`,
    );
  await startWorker();
  expect(await inlet.inlet('apply')).toMatchObject({ code: 0 });
  expect(await inlet.inlet('--config', 'other.yaml', 'apply')).toMatchObject({ code: 0 });
  await inlet.untilStatus('one', 1, 'Completed');
  await inlet.untilStatus('two', 1, 'Completed');
});
afterEach(async () => {
  for (const table of [...locks.keys()]) await release(table);
});
afterAll(async () => {
  await inlet.close();
  await connection.close();
});

const startWorker = () => inlet.startWorker('--config', 'inlet.yaml', '--config', 'other.yaml');

/** Keeps imports of this sync where they copy, until it is released. */
async function hold(table: string): Promise<void> {
  const lock = await inlet.source.connect();
  locks.set(table, lock);
  await lock.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
}

async function release(table: string): Promise<void> {
  const lock = locks.get(table);
  locks.delete(table);
  await lock?.query('ROLLBACK');
  lock?.release();
}

/** Triggers an import; gives its number. */
async function trigger(sync: string, workspace = inlet.workspace): Promise<number> {
  const handle = client.workflow.getHandle(syncId(workspace, sync));
  const { number } = await handle.executeUpdate(triggerUpdate, { args: [{ full: false }] });
  return number;
}

/** Triggers an import and returns once it has the workspace and waits for its table. */
async function triggerHeld(sync: string): Promise<number> {
  await hold(sync);
  const number = await trigger(sync);
  await inlet.untilStatus(sync, number, 'Running');
  return number;
}

async function queued(sync: string, number: number): Promise<void> {
  const id = importId(inlet.workspace, sync, number);
  await vi.waitFor(
    async () => {
      const { queue } = await client.workflow.getHandle(mutexId(inlet.workspace)).query(mutexState);
      expect(queue.map(({ importId }) => importId)).toContain(id);
    },
    { timeout: 20_000 },
  );
}

const terminate = (workflowId: string) => client.workflow.getHandle(workflowId).terminate('as tested');
const idOf = (sync: string, number: number) => importId(inlet.workspace, sync, number);

interface LogRow {
  status: string;
  reason: string | null;
  rows: string | null;
  unchanged: string | null;
}

async function logOf(sync: string, number: number): Promise<LogRow | undefined> {
  const { rows } = await inlet.store.query<LogRow>(
    'SELECT status, reason, rows, unchanged FROM inlet.imports WHERE workspace = $1 AND sync = $2 AND number = $3',
    [inlet.workspace, sync, number],
  );
  return rows[0];
}

const unchanged = { status: 'Completed', reason: null, rows: `${ROWS}`, unchanged: `${ROWS}` };

describe('an import that is terminated while it has the workspace', () => {
  it('is Failed in the log, and the next gets the workspace', async () => {
    const lost = await triggerHeld('one');
    const next = await trigger('two');
    await queued('two', next);
    await terminate(idOf('one', lost));
    await inlet.untilStatus('two', next, 'Completed');
    await inlet.untilStatus('one', lost, 'Failed');
    expect((await logOf('one', lost))?.reason).toMatch(/^abandoned: |was terminated in Temporal/);
    await release('one');
    expect(await trigger('one')).toBe(lost + 1);
    await inlet.untilStatus('one', lost + 1, 'Completed');
  });
});

describe('a sync that was terminated', () => {
  it('starts anew with the next number and the last_sync_time that the store has', async () => {
    await terminate(syncId(inlet.workspace, 'two'));
    const { rows } = await inlet.store.query<{ number: number; seconds: string }>(
      `SELECT next_number AS number, last_sync_time AS seconds FROM inlet.sync WHERE name = 'two'`,
    );
    expect(Number(rows[0]?.seconds)).toBeGreaterThan(0);
    expect(await inlet.inlet('apply', 'two')).toMatchObject({ code: 0 });
    const number = rows[0]?.number ?? 0;
    await inlet.untilStatus('two', number, 'Completed');
    const ran = await inlet.inlet('import', 'two', `${number}`, '--json');
    expect(dataOf(ran)).toMatchObject({ lastSyncTime: Number(rows[0]?.seconds) });
  });
});

describe('an import that is reset', () => {
  it('while it copies goes on under its number, and every row counts once', async () => {
    const number = await triggerHeld('one');
    await resetWorkflow(client, idOf('one', number), 'first task');
    await release('one');
    await inlet.untilStatus('one', number, 'Completed');
    expect(await logOf('one', number)).toEqual(unchanged);
  });

  it('after its end is what it was', async () => {
    const number = await trigger('one');
    await inlet.untilStatus('one', number, 'Completed');
    await client.workflow.getHandle(idOf('one', number)).result();
    await resetWorkflow(client, idOf('one', number), 'first task');
    expect(await client.workflow.getHandle(idOf('one', number)).result()).toMatchObject({
      number,
      status: 'Completed',
    });
    expect(await logOf('one', number)).toEqual(unchanged);
    await inlet.untilStatus('two', await trigger('two'), 'Completed');
  });
});

describe('a sync that is reset', () => {
  it('to before its running import began waits for that import, and goes on after it', async () => {
    const number = await triggerHeld('one');
    await resetWorkflow(client, syncId(inlet.workspace, 'one'), 'start of its last child');
    await release('one');
    await inlet.untilStatus('one', number, 'Completed');
    expect(await logOf('one', number)).toEqual(unchanged);
    const sync = client.workflow.getHandle(syncId(inlet.workspace, 'one'));
    await vi.waitFor(
      async () =>
        expect((await sync.query(syncStatus)).recent[0]).toMatchObject({ number, status: 'Completed' }),
      { timeout: 30_000 },
    );
    const next = await trigger('one');
    expect(next).toBe(number + 1);
    await inlet.untilStatus('one', next, 'Completed');
  });
});

describe('a sync that is reset to before imports that have ended', () => {
  it('gives none of their numbers again: the next import is one', async () => {
    const last = await trigger('two');
    await inlet.untilStatus('two', last, 'Completed');
    await inlet.source.query(`INSERT INTO two VALUES ('two-new')`);
    await resetWorkflow(client, syncId(inlet.workspace, 'two'), 'start of its first child');
    const sync = client.workflow.getHandle(syncId(inlet.workspace, 'two'));
    await vi.waitFor(
      async () => expect(await sync.query(syncStatus)).toMatchObject({ activity: 'waiting' }),
      { timeout: 30_000 },
    );
    const next = await trigger('two');
    expect(next).toBeGreaterThan(last);
    await inlet.untilStatus('two', next, 'Completed');
    expect((await logOf('two', next))?.rows).toBe(`${ROWS + 1}`);
  });
});

describe('a mutex that is terminated while it is held and others are queued', () => {
  it('loses neither the holder nor who waits', async () => {
    const holder = await triggerHeld('one');
    const next = await trigger('two');
    await queued('two', next);
    await terminate(mutexId(inlet.workspace));
    // Who waits asks again within 20 seconds. The new mutex knows of no holder, but the store does.
    await vi.waitFor(
      async () => {
        const { holder: granted } = await client.workflow
          .getHandle(mutexId(inlet.workspace))
          .query(mutexState);
        expect(granted).toBe(idOf('two', next));
      },
      { timeout: 50_000, interval: 200 },
    );
    expect(await logOf('two', next)).toBeUndefined();
    await release('one');
    await inlet.untilStatus('one', holder, 'Completed');
    await inlet.untilStatus('two', next, 'Completed');
  }, 90_000);
});

describe('two workspaces', () => {
  it('import at the same time', async () => {
    await hold('three');
    const first = await triggerHeld('one');
    await trigger('three', other);
    const running = `SELECT w.name FROM inlet.import i JOIN inlet.workspace w USING (workspace_id)
                     WHERE i.status = 'Running' ORDER BY w.name`;
    await vi.waitFor(
      async () => {
        const { rows } = await inlet.store.query<{ name: string }>(running);
        expect(rows.map(({ name }) => name)).toEqual([inlet.workspace, other]);
      },
      { timeout: 30_000 },
    );
    await release('one');
    await inlet.untilStatus('one', first, 'Completed');
  });
});

describe('an import that is terminated with its sync, while no worker is there', () => {
  it('is closed as abandoned by the worker that comes', async () => {
    const lost = await triggerHeld('one');
    await inlet.killWorker();
    await terminate(syncId(inlet.workspace, 'one'));
    await terminate(idOf('one', lost));
    await startWorker();
    await inlet.untilStatus('one', lost, 'Failed');
    expect((await logOf('one', lost))?.reason).toMatch(/^abandoned: /);
  });
});

describe('imports of one workspace', () => {
  it('never overlapped, whatever happened here', async () => {
    const { rows } = await inlet.store.query(
      `SELECT a.sync, a.number, b.sync AS "and", b.number AS "number of it"
       FROM inlet.imports a JOIN inlet.imports b
         ON a.workspace = b.workspace AND (a.sync, a.number) <> (b.sync, b.number)
        AND a.opened_at <= b.opened_at AND b.opened_at < coalesce(a.ended_at, 'infinity')`,
    );
    expect(rows).toEqual([]);
    const { rows: count } = await inlet.store.query<{ opened: number }>(
      `SELECT count(*)::int AS opened FROM inlet.imports WHERE workspace = $1 AND opened_at IS NOT NULL`,
      [inlet.workspace],
    );
    expect(count[0]?.opened).toBeGreaterThan(10);
  });
});
