import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Environment } from '../../config/environment.js';
import { syncId } from '../../workflows/messages.js';
import { deploymentOf } from '../../worker/deployment.js';
import { createInlet, type Inlet, type Started } from '../support/inlet.js';

const environmentOf = (variables: Record<string, string>): Environment => ({
  get: (name) => variables[name],
  source: null,
  path: null,
  toObject: () => variables,
});

describe('the version that a worker is', () => {
  it('is none unless it is asked for', () => {
    expect(deploymentOf(environmentOf({}))).toEqual({});
  });

  it.each([
    ['TEMPORAL_DEPLOYMENT_NAME', 'TEMPORAL_WORKER_BUILD_ID'],
    ['TEMPORAL_WORKER_BUILD_ID', 'TEMPORAL_DEPLOYMENT_NAME'],
  ])('is refused with a sentence if only %s is set', (set, missing) => {
    expect(() => deploymentOf(environmentOf({ [set]: 'x' }))).toThrow(
      `${set} is set and ${missing} is not. Set both for worker versioning, or neither to go without.`,
    );
  });
});

describe('a sync with versioned workers', () => {
  let inlet: Inlet;
  let connection: Connection;
  beforeAll(async () => {
    inlet = await createInlet();
    connection = await Connection.connect({ address: inject('temporalAddress') });
    await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  everybody: { database: crm, every: 6h, identifyBy: id, query: SELECT id FROM customers }
`);
    await inlet.source.query('CREATE TABLE customers AS SELECT n AS id FROM generate_series(1, 3) n');
  });
  afterAll(async () => {
    await inlet.close();
    await connection.close();
  });

  function startVersion(buildId: string): Started {
    inlet.env['TEMPORAL_DEPLOYMENT_NAME'] = inlet.workspace;
    inlet.env['TEMPORAL_WORKER_BUILD_ID'] = buildId;
    return inlet.start('worker');
  }

  /** The server knows of a version some moments after its worker polls. */
  async function makeCurrent(buildId: string): Promise<void> {
    await vi.waitFor(
      () =>
        connection.workflowService.setWorkerDeploymentCurrentVersion({
          namespace: 'default',
          deploymentName: inlet.workspace,
          buildId,
        }),
      { timeout: 120_000, interval: 500 },
    );
  }

  /** The build whose worker did the sync's last workflow task. */
  async function buildOfSync(): Promise<string | null | undefined> {
    const { workflowExecutionInfo } = await connection.workflowService.describeWorkflowExecution({
      namespace: 'default',
      execution: { workflowId: syncId(inlet.workspace, 'everybody') },
    });
    return workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
  }

  it('moves on to the version that is current, and the former one may go', async () => {
    const one = startVersion('one');
    await makeCurrent('one');
    await inlet.inlet('apply');
    await inlet.untilStatus('everybody', 1, 'Completed');
    expect(await buildOfSync()).toBe('one');

    const two = startVersion('two');
    await makeCurrent('two');
    one.kill('SIGTERM');
    expect((await one).exitCode).toBe(0);
    await inlet.inlet('trigger', 'everybody');
    await inlet.untilStatus('everybody', 2, 'Completed');
    expect(await buildOfSync()).toBe('two');
    two.kill('SIGTERM');
    await two;
  }, 300_000);
});
