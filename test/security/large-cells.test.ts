import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';

/* Cells of 10 MB: text, json and bytes, and one that is to be an email and is none. */

const MB = 1024 * 1024;

let inlet: Inlet;
let workerPid: number;
beforeAll(async () => {
  inlet = await createInlet();
  await inlet.source.query(`
    CREATE TABLE customers AS
    SELECT id::text, CASE id WHEN 12 THEN repeat('x', ${10 * MB}) || '@example.com' ELSE id || '@example.com' END AS email,
           repeat('n', ${10 * MB}) AS note,
           CASE id WHEN 1 THEN json_build_object('long', repeat('j', ${10 * MB})) END AS doc,
           CASE id WHEN 2 THEN convert_to(repeat('b', ${5 * MB}), 'UTF8') END AS bytes
    FROM generate_series(1, 12) id`);
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs: { customers: { database: crm, every: 6h, identifyBy: id, query: SELECT * FROM customers } }
`);
  workerPid = await inlet.startWorker();
  expect(await inlet.inlet('apply')).toMatchObject({ code: 0 });
  await inlet.untilStatus('customers', 1, 'Some Rows Failed');
}, 300_000);
afterAll(() => inlet.close());

describe('cells of 10 MB', () => {
  it('come to the workspace whole', async () => {
    const { rows } = await inlet.store.query<{ id: string; sizes: (number | null)[] }>(
      `SELECT id, ARRAY[length(attributes->>'note'), length(attributes->'doc'->>'long'), length(attributes->>'bytes')] AS sizes
       FROM inlet.people WHERE id IN ('1', '2', '3') ORDER BY id`,
    );
    expect(rows).toEqual([
      { id: '1', sizes: [10 * MB, 10 * MB, null] },
      // Two hexadecimal digits for each byte, after \x.
      { id: '2', sizes: [10 * MB, null, 10 * MB + 2] },
      { id: '3', sizes: [10 * MB, null, null] },
    ]);
  });

  it('fail a row where they are to be an identifier, and are told of in a few words', async () => {
    const { stdout } = await inlet.inlet('failures', 'customers', '1');
    expect(stdout).toContain('longer than the limit of 254 characters');
    expect(stdout.length).toBeLessThan(10_000);
    expect(dataOf(await inlet.inlet('import', 'customers', '1', '--json'))).toMatchObject({
      counts: { rows: 12, added: 11, failed: 1 },
    });
  });

  it('do not pile up in the worker, which never holds a cell', async () => {
    const status = await readFile(`/proc/${workerPid}/status`, 'utf8');
    const peakMb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    // Some 300 MB of it are Node.js, the SDK and the workflows' bundle; the rows have 160 MB.
    expect(peakMb).toBeLessThan(600);
  });
});
