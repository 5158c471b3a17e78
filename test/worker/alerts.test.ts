import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { lookForAlerts } from '../../activities/alerting.js';
import { z } from 'zod';
import { loadWorkspaceFile } from '../../config/workspace-file.js';
import { findAlert } from '../../store/alert-outbox.js';
import { alertId } from '../../workflows/messages.js';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const secret = `whsec_${randomBytes(24).toString('base64')}`;
/** Retries wait for a second, then two, four, …; an answer that does not come is waited for ten. */
const PATIENCE = { timeout: 90_000, interval: 100 };

let inlet: Inlet;
let receiver: WebhookReceiver;
let connection: Connection;
beforeAll(async () => {
  [inlet, receiver] = await Promise.all([createInlet(), startWebhookReceiver()]);
  connection = await Connection.connect({ address: inject('temporalAddress') });
  inlet.env['INLET_ALERTS_URL'] = receiver.url;
  inlet.env['INLET_ALERTS_SECRET'] = secret;
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
alerts: { url: "\${INLET_ALERTS_URL}", secret: "\${INLET_ALERTS_SECRET}" }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers:
    database: crm
    every: 6h
    identifyBy: id
    query: SELECT id, plan FROM customers
`);
  await inlet.source.query(`CREATE TABLE customers (id text, plan text)`);
  await inlet.source.query(`INSERT INTO customers VALUES ('1', 'pro')`);
  await inlet.startWorker();
  expect((await inlet.inlet('apply')).code).toBe(0);
  await inlet.untilStatus('customers', 1, 'Completed');
}, 120_000);
afterAll(async () => {
  await inlet.close();
  await connection.close();
  await receiver.stop();
});

const breakTable = () => inlet.source.query('ALTER TABLE customers RENAME TO gone');
const mendTable = () => inlet.source.query('ALTER TABLE gone RENAME TO customers');
const trigger = () => inlet.inlet('trigger', 'customers', '--wait');

const toldSchema = z.object({
  type: z.string(),
  data: z.object({
    alert: z.number(),
    import: z.number(),
    recoveredFrom: z.string().optional(),
    sentence: z.string(),
  }),
});

/** What was accepted, as a receiver would read it; each is verified. */
const told = () =>
  receiver.accepted().map(({ body, headers }) => toldSchema.parse(new Webhook(secret).verify(body, headers)));

const summary = () =>
  told().map(({ type, data }) => [data.alert, type, data.recoveredFrom ?? null, data.import]);

async function untilTold(alerts: number): Promise<void> {
  await vi.waitFor(() => expect(receiver.accepted()).toHaveLength(alerts), PATIENCE);
}

const outbox = (number: number) =>
  findAlert(
    { pool: inlet.store, close: () => inlet.store.end() },
    { workspace: inlet.workspace, sync: 'customers', number },
  );

describe('an alert', () => {
  it('is delivered once, by the same id, to a receiver that fails, hangs, refuses and then accepts', async () => {
    receiver.next(500, 'hang');
    await breakTable();
    expect((await trigger()).code).toBe(1);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), PATIENCE);
    await receiver.stop();
    await vi.waitFor(
      async () => expect(await outbox(1)).toMatchObject({ lastAnswer: 'connection refused' }),
      PATIENCE,
    );
    await receiver.start();
    await untilTold(1);

    expect(summary()).toEqual([[1, 'sync.failing', null, 2]]);
    expect(told()[0]?.data.sentence).toContain('Import 2 of "customers" is Failed: ');
    const ids = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
    const raisedAt = (await outbox(1))?.raisedAt.getTime() ?? 0;
    expect([...ids]).toEqual([`${alertId(inlet.workspace, 'customers', 1)}/${raisedAt}`]);
    const bodies = new Set(receiver.received.map(({ body }) => body));
    expect(bodies.size).toBe(1);
    const settled = await outbox(1);
    expect(settled?.deliveredAt).toBeInstanceOf(Date);
    expect(settled?.attempts).toBeGreaterThanOrEqual(4);
    expect(settled?.lastAnswer).toBe('204');
  }, 120_000);

  it('is not repeated while the state stays, and the recovery from it comes after it', async () => {
    expect((await trigger()).code).toBe(1);
    await mendTable();
    await inlet.source.query(`INSERT INTO customers VALUES (' ', 'secret plan')`);
    expect((await trigger()).code).toBe(1);
    await untilTold(3);
    expect(summary().slice(1)).toEqual([
      [2, 'sync.recovered', 'failing', 4],
      [3, 'sync.some_rows_failed', null, 4],
    ]);
    for (const { body } of receiver.received) expect(body).not.toContain('secret plan');
  }, 120_000);

  it('tells that failures were accepted', async () => {
    expect((await inlet.inlet('accept', 'customers', '4')).code).toBe(0);
    await untilTold(4);
    expect(summary().at(-1)).toEqual([4, 'sync.recovered', 'some_rows_failed', 4]);
  }, 120_000);

  it('is delivered, once and in order, after the worker was killed with it in the outbox', async () => {
    await receiver.stop();
    await breakTable();
    await trigger();
    await mendTable();
    await inlet.source.query(`DELETE FROM customers WHERE id = ' '`);
    expect((await trigger()).code).toBe(0);
    await vi.waitFor(async () => expect((await outbox(6))?.type).toBe('sync.recovered'), PATIENCE);
    await inlet.killWorker();
    await receiver.start();
    await inlet.startWorker();
    await untilTold(6);
    expect(summary().slice(4)).toEqual([
      [5, 'sync.failing', null, 5],
      [6, 'sync.recovered', 'failing', 6],
    ]);
  }, 120_000);

  it('is raised without an import once last_sync_time is held back for too long, and not while paused', async () => {
    const file = await loadWorkspaceFile(`${inlet.directory}/inlet.yaml`, {
      get: (name) => inlet.env[name],
      source: null,
      path: null,
      toObject: () => inlet.env,
    });
    const look = () =>
      lookForAlerts({
        file,
        store: { pool: inlet.store, close: () => inlet.store.end() },
        client: new Client({ connection }),
        taskQueue: inlet.env['INLET_TASK_QUEUE'] ?? '',
      });
    await inlet.source.query(`INSERT INTO customers VALUES ('', 'pro')`);
    expect((await trigger()).code).toBe(1);
    await untilTold(7);
    await inlet.inlet('pause', 'customers', '--reason', 'a test');
    await inlet.store.query(
      `UPDATE inlet.import SET opened_at = opened_at - interval '7 hours' WHERE number = 7`,
    );
    await look();
    const state = await inlet.store.query<{ paused_at: Date | null }>(
      'SELECT paused_at FROM inlet.alert_sync',
    );
    expect(state.rows[0]?.paused_at).toBeInstanceOf(Date);
    await look();
    expect(await outbox(8)).toBeNull();

    await inlet.inlet('resume', 'customers');
    await inlet.store.query(`UPDATE inlet.alert_sync SET paused_at = paused_at - interval '7 hours'`);
    await Promise.all([look(), look()]);
    await untilTold(8);
    expect(summary().at(-1)).toEqual([8, 'sync.held_back', null, 7]);
    expect(await outbox(9)).toBeNull();
  }, 120_000);

  it('is given up when it is a day old, and does not keep the next one', async () => {
    await receiver.stop();
    await inlet.store.query(
      `INSERT INTO inlet.alert (sync_id, number, type, import_number, body, raised_at)
       SELECT sync_id, next_number + n, 'sync.failing', 7,
              '{"type": "sync.failing", "data": {"alert": 0, "import": 7, "sentence": ""}}',
              now() - (1 - n) * interval '25 hours'
       FROM inlet.alert_sync, generate_series(0, 1) n`,
    );
    await vi.waitFor(async () => expect((await outbox(9))?.givenUpAt).toBeInstanceOf(Date), PATIENCE);
    expect(await outbox(9)).toMatchObject({ attempts: 0, deliveredAt: null });
    await receiver.start();
    await untilTold(9);
    expect((await outbox(10))?.deliveredAt).toBeInstanceOf(Date);
  }, 120_000);

  it('is listed with its attempts and its last answer', async () => {
    const listed = dataOf(await inlet.inlet('alerts', 'customers', '--json'));
    expect(listed).toMatchObject({
      on: true,
      conditions: [{ condition: 'held_back' }, { condition: 'some_rows_failed' }],
      alerts: expect.arrayContaining([
        expect.objectContaining({ number: 1, type: 'sync.failing', lastAnswer: '204' }),
      ]) as unknown,
    });
    const { stdout } = await inlet.inlet('alerts');
    expect(stdout).toMatch(/customers +2 +sync\.recovered \(failing\) +4 .* 204 +delivered/);
  });

  it('can be tried', async () => {
    const taken = await inlet.inlet('alerts', '--test');
    expect(taken.stderr).toContain('The test alert was accepted: 204.');
    receiver.next(403);
    const refused = await inlet.inlet('alerts', '--test');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('The test alert was not accepted: 403.');
  });
});
