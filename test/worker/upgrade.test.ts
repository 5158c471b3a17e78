import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { migrate } from '../../store/migrate.js';
import { openStore } from '../../store/store.js';
import { createInlet, type Inlet, type Started } from '../support/inlet.js';
import { ADDS, RAISES, withOneMore } from '../support/newer-migrations.js';

// Each test starts several processes.
vi.setConfig({ testTimeout: 180_000 });

let inlet: Inlet;
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
    query: SELECT id FROM customers
`);
  await inlet.source.query('CREATE TABLE customers AS SELECT n AS id FROM generate_series(1, 3) n');
});
afterAll(() => inlet.close());

const said = (worker: Started, words: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = '';
    worker.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(words)) resolve();
    });
    worker.once('exit', () => reject(new Error(`The worker ended: ${text}`)));
  });

/** As a newer version of Inlet would that starts beside this one. */
async function upgrade(sql: string): Promise<void> {
  const store = openStore(inlet.env['INLET_STORE_URL'] ?? '', { max: 1 });
  try {
    await migrate(store, await withOneMore(sql));
  } finally {
    await store.close();
  }
}

it('two workers that start at once on an empty store both serve it', async () => {
  const workers = [inlet.start('worker'), inlet.start('worker')];
  await Promise.all(workers.map((worker) => said(worker, 'The worker serves')));
  for (const worker of workers) worker.kill('SIGTERM');
  for (const { exitCode } of await Promise.all(workers)) expect(exitCode).toBe(0);
  const { rows } = await inlet.store.query(
    'SELECT count(DISTINCT name) = count(*) AS once FROM inlet.migration',
  );
  expect(rows).toEqual([{ once: true }]);
});

it('a worker serves on while a newer version adds to the store', async () => {
  await inlet.startWorker();
  expect((await inlet.inlet('apply')).code).toBe(0);
  await inlet.untilStatus('everybody', 1, 'Completed');
  await upgrade(ADDS);
  const ran = await inlet.inlet('trigger', 'everybody', '--wait');
  expect(ran.code).toBe(0);
  await inlet.stopWorker();
});

it('a worker that a newer version refuses stops with a sentence, and so does what comes after it', async () => {
  const worker = inlet.start('worker');
  await said(worker, 'The worker serves');
  // The test above was another run of a newer version: this one's store has its migration already.
  await inlet.store.query(RAISES);
  const { exitCode, stderr } = await worker;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('drained');
  expect(stderr).toMatch(/^The store was upgraded by .* Install Inlet \S+ or newer here\.$/m);
  for (const words of [
    ['worker'],
    ['imports', 'everybody'],
    ['failures', 'everybody'],
    ['show', 'person', '1'],
  ]) {
    const ran = await inlet.inlet(...words);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('with schema');
  }
});
