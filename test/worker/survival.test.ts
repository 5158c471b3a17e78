import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';

const PEOPLE = 200_000;

let inlet: Inlet;
beforeAll(async () => {
  inlet = await createInlet();
  await inlet.write(`
workspace: { name: survivors }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  everybody:
    database: crm
    every: 6h
    identifyBy: id
    query: SELECT id, email, plan FROM customers
`);
  await inlet.source.query(`
    CREATE TABLE customers (id bigint PRIMARY KEY, email text, plan text);
    INSERT INTO customers SELECT n, 'c' || n || '@example.com', 'pro' FROM generate_series(1, ${PEOPLE}) n`);
});
afterAll(() => inlet.close());

/** Waits until the store says so; the import goes on meanwhile. */
async function until(question: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { rows } = await inlet.store.query<{ yes: boolean }>(`SELECT (${question}) AS yes`);
      expect(rows[0]?.yes).toBe(true);
    },
    { timeout: 60_000, interval: 10 },
  );
}

async function countPeople(): Promise<number> {
  const { rows } = await inlet.store.query<{ count: string }>('SELECT count(*) FROM inlet.people');
  return Number(rows[0]?.count);
}

describe('a worker that is killed', () => {
  it('while chunks are applied loses nothing and counts nothing twice', async () => {
    await inlet.startWorker();
    expect((await inlet.inlet('apply')).code).toBe(0);
    await until('SELECT count(*) FILTER (WHERE applied_at IS NOT NULL) BETWEEN 1 AND 7 FROM inlet.chunk');
    await inlet.killWorker();
    const appliedBefore = await countPeople();
    expect(appliedBefore).toBeGreaterThan(0);
    expect(appliedBefore).toBeLessThan(PEOPLE);

    await inlet.startWorker();
    await until(`SELECT status <> 'Running' FROM inlet.import ORDER BY import_id DESC LIMIT 1`);

    const ran = await inlet.inlet('import', 'everybody', '1', '--json');
    expect(dataOf(ran)).toMatchObject({
      status: 'Completed',
      counts: { rows: PEOPLE, added: PEOPLE, updated: 0, unchanged: 0, failed: 0 },
    });
    expect(await countPeople()).toBe(PEOPLE);
  }, 120_000);

  it('while the query is copied has it copied anew, in full', async () => {
    await inlet.source.query(`UPDATE customers SET plan = 'team' WHERE id % 2 = 0`);
    const triggered = await inlet.inlet('trigger', 'everybody');
    expect(triggered.code).toBe(0);
    await until(`SELECT count(*) > 0 FROM inlet.staging_table t JOIN inlet.import i USING (import_id)
                 WHERE i.status = 'Running' AND i.staging IS NULL`);
    await inlet.killWorker();

    await inlet.startWorker();
    await until(`SELECT status <> 'Running' FROM inlet.import ORDER BY import_id DESC LIMIT 1`);

    const ran = await inlet.inlet('import', 'everybody', '2', '--json');
    expect(dataOf(ran)).toMatchObject({
      status: 'Completed',
      counts: { rows: PEOPLE, added: 0, updated: PEOPLE / 2, unchanged: PEOPLE / 2, failed: 0 },
    });
  }, 120_000);

  it('leaves no staging behind', async () => {
    await inlet.stopWorker();
    await inlet.startWorker();
    await until('SELECT count(*) = 0 FROM inlet.staging_table');
    const { rowCount } = await inlet.store.query(
      `SELECT FROM pg_class WHERE relname LIKE 'stage\\_%' AND relkind = 'r'`,
    );
    expect(rowCount).toBe(0);
  });
});

describe('a worker that is stopped', () => {
  it('drains and exits with 0', async () => {
    expect((await inlet.stopWorker()).code).toBe(0);
  });
});
