import { createServer } from 'node:net';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { computing } from '../support/computing.js';
import { createInlet, type Inlet } from '../support/inlet.js';
import { samplesOf } from '../support/prometheus-text.js';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

let inlet: Inlet;
let store: TcpProxy;
let temporal: TcpProxy;
let url: string;

beforeAll(async () => {
  inlet = await createInlet();
  store = await tcpProxy(inlet.env['INLET_STORE_URL'] ?? '');
  temporal = await tcpProxy(`http://${inject('temporalAddress')}`);
  inlet.env['INLET_STORE_URL'] = store.url;
  inlet.env['TEMPORAL_ADDRESS'] = new URL(temporal.url).host;
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  slow: { database: crm, every: 6h, identifyBy: id, query: "SELECT 1 AS id FROM pg_sleep(300)" }
`);
  url = `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;
  inlet.env['INLET_LISTEN'] = url;
  await inlet.startWorker();
});
afterAll(async () => {
  await inlet.close();
  await Promise.all([store.down(), temporal.down()]);
});

interface Answer {
  code: number;
  body: string;
  ms: number;
}

async function get(page: string): Promise<Answer> {
  const began = performance.now();
  const response = await fetch(`http://${url}${page}`);
  const body = await response.text();
  return { code: response.status, body, ms: performance.now() - began };
}

const whenReady = () => expect.poll(async () => (await get('/readyz')).code, { timeout: 30_000 }).toBe(200);

/** The answer once the worker is not ready any more; each answer on the way must come in time. */
async function whenNotReady(): Promise<Answer> {
  let last: Answer | undefined;
  await expect
    .poll(
      async () => {
        last = await get('/readyz');
        expect(last.ms).toBeLessThan(4_000);
        return last.code;
      },
      { timeout: 30_000 },
    )
    .toBe(503);
  if (last === undefined) throw new Error('Nothing was asked.');
  return last;
}

describe('a worker that listens', () => {
  it('is ready once the server sees it poll all of its queues, and its store answers', async () => {
    await whenReady();
    const { body } = await get('/readyz');
    const queue = `inlet-${inlet.workspace}`;
    expect(JSON.parse(body)).toEqual({
      status: 'ready',
      checks: [
        { name: 'workflows', ok: true },
        { name: `activities of ${inlet.workspace}`, ok: true },
        { name: `polls ${queue}`, ok: true },
        { name: `polls ${queue}:${inlet.workspace}`, ok: true },
        { name: `store of ${inlet.workspace}`, ok: true },
      ],
    });
  });

  it('keeps two requests for the work of its workspace open, since a server bounds those of a namespace', async () => {
    const open = async () =>
      samplesOf((await get('/metrics')).body).samples.filter(
        ({ name, labels }) => name === 'temporal_num_pollers' && labels['poller_type'] === 'activity_task',
      );
    await expect.poll(open, { timeout: 30_000 }).toEqual([expect.objectContaining({ value: 2 })]);
  });

  it.each([
    ['store', () => store, 'The store does not answer'],
    ['Temporal', () => temporal, 'The Temporal server does not say within 2 s who polls'],
  ])('says within seconds that its %s hangs, stays alive, and is ready again', async (_, proxy, sentence) => {
    await whenReady();
    proxy().stall();
    try {
      const { body } = await whenNotReady();
      expect(body).toContain(sentence);
      expect(body).not.toMatch(/postgres:|password|127\.0\.0\.1/);
      expect((await get('/healthz')).code).toBe(200);
    } finally {
      proxy().flow();
    }
    await whenReady();
  });

  it('says what is missing where the schema of its store is gone', async () => {
    await whenReady();
    await inlet.store.query('ALTER SCHEMA inlet RENAME TO elsewhere');
    expect((await whenNotReady()).body).toContain("The store has lost Inlet's schema.");
    await inlet.store.query('ALTER SCHEMA elsewhere RENAME TO inlet');
    await whenReady();
  });

  it('serves nothing else, and to GET and HEAD only', async () => {
    expect((await get('/')).code).toBe(404);
    expect((await fetch(`http://${url}/healthz`, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`http://${url}/healthz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is not ready but alive while it drains', async () => {
    await expect.poll(async () => (await inlet.inlet('apply')).code, { timeout: 30_000 }).toBe(0);
    await inlet.untilStatus('slow', 1, 'Running');
    // What an import waits for, the worker waits for, for a while.
    await expect.poll(() => computing(inlet.source, '%pg_sleep%'), { timeout: 30_000 }).toBeGreaterThan(0);
    const stopped = inlet.stopWorker();
    await expect.poll(async () => (await get('/readyz')).body, { timeout: 8_000 }).toContain('draining');
    expect((await get('/healthz')).code).toBe(200);
    expect((await stopped).code).toBe(0);
  });
});

describe('a worker that can not listen', () => {
  it('says so of an address that is none, and ends with 2', async () => {
    const { code, stderr } = await inlet.inlet('worker', '--listen', '9464');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--listen: "9464" is not HOST:PORT.')]);
  });

  it('says so of a port that is taken, and ends with 1', async () => {
    const other = createServer();
    const port = await getPort({ host: '127.0.0.1' });
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const { code, stderr } = await inlet.inlet('worker', '--listen', `127.0.0.1:${port}`);
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`Can't listen on 127.0.0.1:${port}`);
    expect(stderr).toContain('another process listens there already');
  });

  it('says so of a level of the log that is none, and ends with 2', async () => {
    inlet.env['INLET_LOG_LEVEL'] = 'loud';
    const { code, stderr } = await inlet.inlet('worker');
    expect([code, stderr]).toEqual([2, expect.stringContaining('INLET_LOG_LEVEL: "loud" is no level')]);
  });
});
