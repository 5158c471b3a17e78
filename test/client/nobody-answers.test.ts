import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';

const fileFor = (workspace: string) => `
workspace: { name: ${workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }
  leads: { database: crm, every: 2h, identifyBy: id, query: SELECT 2 AS id }
`;

const containing = (text: string): unknown => expect.stringContaining(text);

// Commands are processes of their own, some of them in every test: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let inlet: Inlet;
beforeAll(async () => {
  inlet = await createInlet();
  await inlet.write(fileFor(inlet.workspace));
});
afterAll(() => inlet.close());

const freeAddress = async () => `127.0.0.1:${await getPort({ host: '127.0.0.1' })}`;

describe('a store that no worker has prepared', () => {
  it.each(['list', 'failures customers'])('%s says so', async (line) => {
    const { code, stdout, stderr } = await inlet.inlet(...line.split(' '));
    expect(stderr).toMatch(/^No worker has prepared the store at .* yet/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('does not keep preview from showing rows', async () => {
    const { code, stdout, stderr } = await inlet.inlet('preview', 'customers');
    expect(stdout).toMatch(/^ *1 +- +1$/m);
    expect(stderr).toContain('The rows have no verdicts yet. No worker has prepared the store');
    expect(code).toBe(0);
  });
});

describe('a store that can not be reached', () => {
  it('is named without its password', async () => {
    const url = inlet.env.INLET_STORE_URL ?? '';
    const address = await freeAddress();
    inlet.env.INLET_STORE_URL = `postgres://bob:hunter2@${address}/inlet`;
    const { code, stderr } = await inlet.inlet('list');
    inlet.env.INLET_STORE_URL = url;
    expect(stderr).toContain(`Can't reach the store at ${address}/inlet (ECONNREFUSED)`);
    expect(stderr).not.toContain('hunter2');
    expect(code).toBe(1);
  });
});

describe('without a Temporal server', () => {
  beforeAll(async () => {
    inlet.env.TEMPORAL_ADDRESS = await freeAddress();
  });
  afterAll(() => {
    inlet.env.TEMPORAL_ADDRESS = inject('temporalAddress');
  });

  it.each(['apply', 'trigger customers', 'worker'])(
    '%s names the address and how to set it',
    async (line) => {
      const { code, stdout, stderr } = await inlet.inlet(...line.split(' '));
      expect(stderr).toContain(`No Temporal server answers at ${inlet.env.TEMPORAL_ADDRESS ?? ''}.`);
      expect(stderr).toContain('TEMPORAL_ADDRESS');
      expect(stdout).toBe('');
      expect(code).toBe(1);
    },
  );
});

describe('without a Temporal server and a prepared store', () => {
  it('review says what follows from the file, and what is not known', async () => {
    const address = inlet.env.TEMPORAL_ADDRESS ?? '';
    inlet.env.TEMPORAL_ADDRESS = await freeAddress();
    const { code, stdout, stderr } = await inlet.inlet('review', 'customers');
    inlet.env.TEMPORAL_ADDRESS = address;
    expect(stdout).toMatch(/^ +SQL +SELECT 1 AS id$/m);
    expect(stderr).toContain('No Temporal server answers');
    expect(code).toBe(0);
  });
});

describe('without a worker', () => {
  it('says of what is sent that it may still be done, and sends nothing more', async () => {
    const ran = await inlet.inlet('apply', '--json');
    expect(dataOf(ran)).toMatchObject({
      syncs: [
        { sync: 'customers', outcome: 'unanswered', reason: containing('may still be done') },
        { sync: 'leads', outcome: 'not sent' },
      ],
    });
    expect(ran.code).toBe(1);
  });

  it('shows what the log has, and says that no worker answered', async () => {
    const { code, stderr } = await inlet.inlet('status', 'customers');
    expect(stderr).toContain('No worker answered. Start one with "inlet worker"');
    expect(code).toBe(1);
  });

  it('sends a signal all the same, and says that nobody has confirmed it', async () => {
    const { code, stderr } = await inlet.inlet('pause', 'customers', '--reason', 'later');
    expect(stderr).toContain('Sent, not yet confirmed: no worker answered.');
    expect(code).toBe(1);
  });

  it('does what was sent when a worker comes', async () => {
    await inlet.startWorker();
    await expect
      .poll(async () => (await inlet.inlet('status', 'customers', '--json')).stdout, {
        timeout: 120_000,
        interval: 500,
      })
      .toContain('"reason": "later"');
  });

  it('tells by status what the log knows when the worker has gone again', async () => {
    await inlet.stopWorker();
    const { code, stdout, stderr } = await inlet.inlet('status', 'customers');
    expect(stdout).toMatch(/schedule +every 1h/);
    expect(stderr).toContain('No worker answered.');
    expect(code).toBe(1);
  });

  it('lists what the log knows all the same', async () => {
    const { code, stdout, stderr } = await inlet.inlet('list');
    expect(stdout).toMatch(/^customers +crm +1h +\? /m);
    expect(stderr).toContain('What the syncs do now is not known. No worker answered.');
    expect(code).toBe(1);
  });
});
