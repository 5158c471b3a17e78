import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TemporalServer } from '../../dev/temporal-server.js';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';
import { startOwnTemporal } from '../support/own-temporal.js';

const PEOPLE = 60_000;

let inlet: Inlet;
let directory: string;
let server: TemporalServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inlet-restarted-'));
  await chmod(directory, 0o755);
  server = await startOwnTemporal(directory);
  inlet = await createInlet();
  inlet.env['TEMPORAL_ADDRESS'] = server.address;
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  everybody: { database: crm, every: 6h, identifyBy: id, query: SELECT id FROM customers }
`);
  await inlet.source.query(`CREATE TABLE customers AS SELECT id FROM generate_series(1, ${PEOPLE}) id`);
});
afterAll(async () => {
  await inlet.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('a Temporal server that is killed in the midst of an import', () => {
  it('and started again on its database goes on with it: every row counts once', async () => {
    const lock = await inlet.source.connect();
    await inlet.startWorker();
    expect(await inlet.inlet('apply')).toMatchObject({ code: 0 });
    await inlet.untilStatus('everybody', 1, 'Completed');
    await lock.query('BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
    expect(await inlet.inlet('trigger', 'everybody')).toMatchObject({ code: 0 });
    await inlet.untilStatus('everybody', 2, 'Running');

    process.kill(server.identity.pid, 'SIGKILL');
    await server.ended;
    // The query goes on and its rows come in, with nobody to be told.
    await lock.query('ROLLBACK');
    lock.release();
    server = await startOwnTemporal(directory, server.port);

    await inlet.untilStatus('everybody', 2, 'Completed');
    expect(dataOf(await inlet.inlet('import', 'everybody', '2', '--json'))).toMatchObject({
      counts: { rows: PEOPLE, added: 0, unchanged: PEOPLE, failed: 0 },
    });
    // The worker's polls come back one after the other, each when its own wait after a failure is over.
    await vi.waitFor(
      async () => expect(await inlet.inlet('status', 'everybody')).toMatchObject({ code: 0 }),
      {
        timeout: 60_000,
      },
    );
    const next = await inlet.inlet('trigger', 'everybody', '--wait');
    expect(next, next.stderr).toMatchObject({ code: 0 });
  }, 120_000);
});
