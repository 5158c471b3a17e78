import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createInlet, type Inlet } from '../support/inlet.js';
import { rawTemporal } from '../support/raw-temporal.js';

// Commands are processes of their own, many in a test: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const key = () => randomBytes(32).toString('base64');
const keys = { old: `2026-05:${key()}`, recent: `2026-11:${key()}` };
/** In a query, a description, a segment, a reason, and in what the database says: nowhere may it be read. */
const MARKER = `marker${randomBytes(6).toString('hex')}`;

const file = (workspace: string) => `
workspace: { name: ${workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers:
    database: crm
    every: 1d
    identifyBy: id
    description: The ${MARKER} customers
    query: SELECT 'a' AS id, '${MARKER}' AS note
    segment: { name: ${MARKER}, create: true }
  broken:
    database: crm
    every: 1d
    identifyBy: id
    query: SELECT id FROM ${MARKER}
  late: { database: crm, every: 1d, identifyBy: id, query: SELECT 1 AS id }
`;

let inlet: Inlet;
const raw = () => rawTemporal(inject('temporalAddress'), inlet.env.INLET_TASK_QUEUE ?? '');

/** What a test does with keys or without goes on with those that the test before it has left. */
function setKeys(...given: string[]): void {
  inlet.env.INLET_ENCRYPTION_KEYS = given.join(',');
}

beforeEach(async () => {
  inlet = await createInlet();
  await inlet.write(file(inlet.workspace));
  await inlet.source.query(`CREATE TABLE ${MARKER} (id text)`);
});
afterEach(() => inlet.close());

/** What a user does to a sync that leaves something in Temporal. */
async function useIt(): Promise<void> {
  await inlet.startWorker();
  expect(await inlet.inlet('apply', 'customers', 'broken')).toMatchObject({ code: 0 });
  await inlet.untilStatus('customers', 1, 'Completed');
  await inlet.untilStatus('broken', 1, 'Completed');
  expect(await inlet.inlet('pause', 'customers', '--reason', `for ${MARKER}`)).toMatchObject({ code: 0 });
  expect((await inlet.inlet('status', 'customers')).stdout).toContain(`for ${MARKER}`);
  await inlet.source.query(`DROP TABLE ${MARKER}`);
  expect(await inlet.inlet('trigger', 'broken', '--wait')).toMatchObject({ code: 1 });
  const refused = await inlet.inlet('apply', 'broken');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`broken: refused: The database refuses the query`);
  expect(refused.stderr).toContain(MARKER);
}

describe('with a key', () => {
  it('commands read everything, and in Temporal nothing of a query, a reason or a failure can be read', async () => {
    setKeys(keys.old);
    await useIt();
    const { ids, bytes, plain } = await raw();
    expect([...ids]).toEqual(
      expect.arrayContaining([
        `sync:${inlet.workspace}/customers`,
        `sync:${inlet.workspace}/broken`,
        `import:${inlet.workspace}/customers/1`,
        `import:${inlet.workspace}/broken/2`,
        `mutex:${inlet.workspace}`,
      ]),
    );
    // The server's own word.
    expect([...plain]).toEqual(['"ACTIVITY_ID_NOT_STARTED"']);
    expect(bytes.includes('Encoded failure')).toBe(true);
    for (const text of [MARKER, 'SELECT', 'refuses', '    at ']) expect(bytes.includes(text)).toBe(false);
  });

  it('another key takes over while the former still decrypts', async () => {
    setKeys(keys.old);
    await inlet.startWorker();
    expect(await inlet.inlet('apply', 'customers')).toMatchObject({ code: 0 });
    await inlet.untilStatus('customers', 1, 'Completed');
    await inlet.stopWorker();
    setKeys(keys.recent, keys.old);
    await inlet.startWorker();
    await vi.waitFor(
      async () => expect((await inlet.inlet('status', 'customers')).stdout).toContain(MARKER),
      { timeout: 60_000 },
    );
    // A worker that has just started on a busy machine may need some seconds.
    await vi.waitFor(
      async () => {
        const triggered = await inlet.inlet('trigger', 'customers', '--wait');
        expect(triggered, triggered.stderr).toMatchObject({ code: 0 });
      },
      { timeout: 60_000 },
    );
    const { bytes } = await raw();
    for (const id of ['2026-05', '2026-11']) expect(bytes.includes(id)).toBe(true);
  });
});

describe('without a key', () => {
  it('everything can be read in Temporal, and a workspace goes on once it is given one', async () => {
    await useIt();
    const before = await raw();
    for (const text of [MARKER, 'SELECT', 'refuses', '    at '])
      expect(before.bytes.includes(text)).toBe(true);
    await inlet.stopWorker();
    setKeys(keys.recent);
    await inlet.startWorker();
    expect((await inlet.inlet('status', 'customers')).stdout).toContain(`for ${MARKER}`);
    expect(await inlet.inlet('trigger', 'customers', '--wait')).toMatchObject({ code: 0 });
    expect((await raw()).bytes.includes('2026-11')).toBe(true);
  });
});

describe('where a key is missing', () => {
  it('a command names it, and sends nothing', async () => {
    setKeys(keys.recent);
    await inlet.startWorker();
    expect(await inlet.inlet('apply', 'late')).toMatchObject({ code: 0 });
    await inlet.untilStatus('late', 1, 'Completed');
    setKeys();
    const unset = 'encrypted with the key "2026-11", and INLET_ENCRYPTION_KEYS is not set.';
    for (const words of [['status'], ['pause', '--reason', MARKER], ['trigger']]) {
      const { code, stderr } = await inlet.inlet(...words, 'late');
      expect(stderr).toContain(unset);
      expect(code).toBe(1);
    }
    // The sync is new, but its workspace is not.
    expect((await inlet.inlet('apply', 'customers')).stderr).toContain(unset);
    setKeys(keys.old);
    const other = 'the key "2026-11", which is not in INLET_ENCRYPTION_KEYS (there: 2026-05).';
    for (const words of [['apply'], ['trigger']])
      expect((await inlet.inlet(...words, 'late')).stderr).toContain(other);
    expect((await raw()).bytes.includes(MARKER)).toBe(false);
  });

  it('a worker says so in its log, and what it could not do is done once it has the key', async () => {
    setKeys(keys.old);
    await inlet.startWorker();
    expect(await inlet.inlet('apply', 'late')).toMatchObject({ code: 0 });
    await inlet.untilStatus('late', 1, 'Completed');
    await inlet.stopWorker();
    setKeys(keys.recent);
    await inlet.startWorker();
    setKeys(keys.old);
    // A command waits four seconds; on a busy machine a worker has not tried by then.
    await vi.waitFor(
      async () => {
        const { code, stderr } = await inlet.inlet('trigger', 'late');
        expect(code).toBe(1);
        expect(stderr).toContain('No worker answered. One has tried to, and could not: its log says why.');
      },
      { timeout: 60_000 },
    );
    expect((await inlet.stopWorker()).stderr).toContain(
      'encrypted with the key \\"2026-05\\", which is not in',
    );
    setKeys(keys.recent, keys.old);
    await inlet.startWorker();
    await inlet.untilStatus('late', 2, 'Completed');
  });
});
