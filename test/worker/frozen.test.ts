import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createInlet, dataOf, type Inlet, type Started } from '../support/inlet.js';

const PEOPLE = 60_000; // three chunks, of which two are applied at once

let inlet: Inlet;
let frozen: Started | undefined;

beforeAll(async () => {
  inlet = await createInlet();
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  everybody:
    database: crm
    every: 6h
    identifyBy: id
    query: SELECT id, 'pro' AS plan FROM generate_series(1, ${PEOPLE}) id
`);
});
afterAll(async () => {
  frozen?.kill('SIGCONT');
  frozen?.kill('SIGKILL');
  await frozen;
  await inlet.close();
});

async function storeSays<T>(question: string): Promise<T | undefined> {
  const { rows } = await inlet.store.query<{ answer: T }>(`SELECT (${question}) AS answer`);
  return rows[0]?.answer;
}

/**
 * Temporal goes on giving tasks to the long polls of the frozen worker, until these end after a minute; each such task is
 * lost until its heartbeats have stayed away for ten seconds, and each time Temporal waits longer before it tries again.
 */
async function until(question: string): Promise<void> {
  await vi.waitFor(async () => expect(await storeSays(question), question).toBe(true), {
    timeout: 150_000,
    interval: 20,
  });
}

/** Sessions of workers on this store, beside the test's own. */
const sessions = (condition: string) =>
  `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'inlet worker' AND ${condition}`;

describe('a worker that freezes inside the transactions of chunks', () => {
  it('loses them to the worker that takes over, and does no harm when it thaws', async () => {
    const lock = await inlet.store.connect();
    frozen = inlet.start('worker');
    await lock.query('BEGIN');
    // The store is there once the worker has made it.
    await until(`SELECT to_regclass('inlet.person') IS NOT NULL`);
    await lock.query('LOCK TABLE inlet.person IN SHARE MODE');
    expect(await inlet.inlet('apply')).toMatchObject({ code: 0 });
    await until(`SELECT count(*) = 2 ${sessions(`wait_event_type = 'Lock'`)}`);
    frozen.kill('SIGSTOP');
    await lock.query('COMMIT');
    lock.release();
    const inTransaction = sessions(`state = 'idle in transaction'`);
    await until(`SELECT count(*) = 2 ${inTransaction}`);
    const held = await storeSays<number[]>(`SELECT array_agg(pid) ${inTransaction}`);

    // Temporal gives the lanes to it once the heartbeats of the other have stayed away.
    await inlet.startWorker();
    await until('SELECT count(*) > 0 FROM inlet.chunk WHERE applied_at IS NOT NULL');
    const stillThere = sessions(`pid = ANY ('{${held?.join()}}')`);
    await until(
      `SELECT (SELECT count(*) > 0 ${sessions(`wait_event_type = 'Lock'`)}) OR (SELECT count(*) = 0 ${stillThere})`,
    );
    // What the server does by itself after idle_in_transaction_session_timeout, if it has not done so yet.
    await inlet.store.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [held]);
    await until('SELECT count(*) = 3 FROM inlet.chunk WHERE applied_at IS NOT NULL');
    frozen.kill('SIGCONT');

    await inlet.untilStatus('everybody', 1, 'Completed');
    expect(dataOf(await inlet.inlet('import', 'everybody', '1', '--json'))).toMatchObject({
      counts: { rows: PEOPLE, added: PEOPLE, updated: 0, unchanged: 0, failed: 0 },
    });
    expect(await storeSays('SELECT count(*)::int FROM inlet.people')).toBe(PEOPLE);
  }, 600_000);

  it('goes on with the next import beside the other, and staging is swept', async () => {
    expect(await inlet.inlet('trigger', 'everybody')).toMatchObject({ code: 0 });
    await inlet.untilStatus('everybody', 2, 'Completed');
    // It sweeps staging after the log has its end.
    await until('SELECT count(*) = 0 FROM inlet.staging_table');
    expect(dataOf(await inlet.inlet('import', 'everybody', '2', '--json'))).toMatchObject({
      status: 'Completed',
      counts: { rows: PEOPLE, added: 0, unchanged: PEOPLE, failed: 0 },
    });
    expect(
      await storeSays(`SELECT count(*)::int FROM pg_class WHERE relname LIKE 'stage\\_%' AND relkind = 'r'`),
    ).toBe(0);
  }, 300_000);
});
