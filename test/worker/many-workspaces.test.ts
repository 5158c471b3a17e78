import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { SyncHandle } from '../../client/sync-workflow.js';
import type { Temporal } from '../../client/temporal.js';
import { readEnvironment } from '../../config/environment.js';
import { loadWorkspaceFile } from '../../config/workspace-file.js';
import { computing } from '../support/computing.js';
import { createInlet, type Inlet } from '../support/inlet.js';

/** More than the store's connections that a worker has for one workspace. */
const SLOW = 11;
const names = [...Array.from({ length: SLOW }, (_, index) => `slow-${index}`), 'quick'];

let inlet: Inlet;
let connection: Connection;
let temporal: Temporal;

const fileOf = (name: string) => `${name}.yaml`;

beforeAll(async () => {
  inlet = await createInlet();
  for (const name of names)
    await inlet.write(
      `
workspace: { name: ${inlet.workspace}-${name} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  people:
    database: crm
    every: 6h
    identifyBy: id
    query: SELECT 1 AS id ${name === 'quick' ? '' : 'FROM pg_sleep(600)'}
`,
      fileOf(name),
    );
  await inlet.startWorker(...names.flatMap((name) => ['--config', fileOf(name)]));
  connection = await Connection.connect({ address: inject('temporalAddress') });
  temporal = {
    client: new Client({ connection }),
    address: inject('temporalAddress'),
    taskQueue: inlet.env['INLET_TASK_QUEUE'] ?? '',
    workerAnswered: true,
    close: () => connection.close(),
  };
}, 120_000);

afterAll(async () => {
  await inlet.killWorker();
  await inlet.source.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  await Promise.all([inlet.close(), connection.close()]);
});

async function apply(name: string): Promise<void> {
  const path = join(inlet.directory, fileOf(name));
  const { settings, syncs } = await loadWorkspaceFile(path, readEnvironment(inlet.directory));
  for (const definition of syncs.values())
    await new SyncHandle(temporal, settings.name, definition.sync).define({ definition, settings });
}

/** Imports whose source computes. */
const waiting = () => computing(inlet.source, '%pg_sleep(600)%');

it('imports of other workspaces whose sources take long leave the store to one whose source does not', async () => {
  for (const name of names.slice(0, SLOW)) await apply(name);
  await expect.poll(waiting, { timeout: 90_000, interval: 200 }).toBeGreaterThanOrEqual(10);
  await apply('quick');
  const statusOfQuick = async () => {
    const { rows } = await inlet.store.query<{ status: string }>(
      `SELECT status FROM inlet.imports WHERE workspace = $1`,
      [`${inlet.workspace}-quick`],
    );
    return rows.map(({ status }) => status);
  };
  await expect.poll(statusOfQuick, { timeout: 60_000, interval: 200 }).toEqual(['Completed']);
}, 180_000);
