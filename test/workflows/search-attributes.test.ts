import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection } from '@temporalio/worker';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { pause, searchAttributeKeys } from '../../workflows/messages.js';
import { keepSearchAttributes } from '../../worker/search-attributes.js';
import { startShortHistoryServer } from '../support/short-history-server.js';
import { eventually, startWorld } from '../support/workflow-world.js';
import type { Workspace, World } from '../support/workflow-world.js';

/** So far away that only what the test does brings it about. */
const never = { startAt: '2100-01-01T00:00:00Z' };
const names = Object.values(searchAttributeKeys).map(({ name }) => name);

let server: TestWorkflowEnvironment;
let world: World;
beforeAll(async () => {
  server = await startShortHistoryServer(60);
  world = await startWorld({ address: server.address, bundle: inject('workflowBundlePath') });
});
afterEach(() => world.endAll());
afterAll(async () => {
  await world.close();
  await server.teardown();
});

describe('search attributes', () => {
  it('that the namespace does not have are not set, and nothing fails for it', async () => {
    const acme = await world.workspace();
    await acme.define('customers', never);
    await triggered(acme, 1);
    expect(await eventsOf(acme, 'workflowTaskFailedEventAttributes')).toBe(0);
    expect(await eventsOf(acme, 'upsertWorkflowSearchAttributesEventAttributes')).toBe(0);
  });

  it('are registered by the worker, and find syncs and imports by workspace, name and status', async () => {
    const lines = await register('default');
    expect(lines).toEqual([]);
    const acme = await world.workspace();
    await acme.define('customers', never);
    // That they are there is believed for some seconds, and so is that they are not.
    for (let number = 1; (await found(`InletWorkspace = '${acme.name}'`)).length < 2; number += 1) {
      await triggered(acme, number);
    }
    await acme.sync('customers').signal(pause, { reason: '' });
    await eventually(
      () => found(`InletWorkspace = '${acme.name}' AND InletSync = 'customers' AND InletStatus = 'paused'`),
      (ids) => ids.length === 1 && ids[0] === acme.sync('customers').workflowId,
    );
    await eventually(
      () => found(`InletWorkspace = '${acme.name}' AND InletStatus = 'Completed'`),
      (ids) => ids.length > 0 && ids.every((id) => id.startsWith(`import:${acme.name}/customers/`)),
    );
  });

  it('are there while an import runs, from its start', async () => {
    await register('default');
    const acme = await world.workspace();
    await acme.define('customers', never);
    for (let number = 1; (await found(`InletWorkspace = '${acme.name}'`)).length < 2; number += 1) {
      await triggered(acme, number);
    }
    const { number } = await acme.trigger('customers');
    const hold = acme.script.hold('stageQuery', `customers/${number}`);
    await hold.reached;
    await eventually(
      () => found(`InletSync = 'customers' AND InletStatus = 'Running' AND ExecutionStatus = 'Running'`),
      (ids) => ids.includes(acme.import('customers', number).workflowId),
    );
    hold.release();
  });

  it('that are removed stop no sync and no import, over continue-as-new neither', async () => {
    await register('default');
    const acme = await world.workspace();
    await acme.define('customers', never);
    let number = 1;
    for (; (await found(`InletWorkspace = '${acme.name}'`)).length < 2; number += 1)
      await triggered(acme, number);
    await eventually(
      () => found(`InletWorkspace = '${acme.name}' AND InletStatus = 'waiting'`),
      (ids) => ids.length === 1,
    );
    await server.connection.operatorService.removeSearchAttributes({
      namespace: 'default',
      searchAttributes: names,
    });
    const runId = (await acme.sync('customers').describe()).runId;
    // What was seen before is believed for a second.
    const removedAt = Date.now();
    await eventually(Date.now, (now) => now > removedAt + 1_500);
    await triggered(acme, number);
    for (number += 1; (await acme.sync('customers').describe()).runId === runId; number += 1)
      await triggered(acme, number);
    await triggered(acme, number);
  });

  it('are done without where registering is refused, which the worker says in one line', async () => {
    const lines = await register('no-such-namespace');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('could not register search attributes');
  });
});

/** Registers them as a worker does that starts, and gives what it logs. */
async function register(namespace: string): Promise<string[]> {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const connection = await NativeConnection.connect({ address: server.address });
  const stop = await keepSearchAttributes({ connection, namespace, logger });
  stop();
  await connection.close();
  return lines;
}

async function found(query: string): Promise<string[]> {
  const ids: string[] = [];
  try {
    for await (const { workflowId } of world.client.workflow.list({ query })) ids.push(workflowId);
  } catch {
    // They are not registered, or not known everywhere yet.
  }
  return ids;
}

/** An update that comes while the server refuses a task, for attributes that were there a moment ago, is refused as well. */
async function triggered(workspace: Workspace, number: number): Promise<void> {
  const admitted = await vi.waitFor(() => workspace.trigger('customers'), { timeout: 30_000, interval: 200 });
  expect(admitted).toEqual({ number, alreadyQueued: false });
  const ended = () => workspace.script.entries('customers').some((entry) => entry.number === number);
  await vi.waitUntil(ended, { timeout: 60_000 });
  await vi.waitUntil(async () => (await workspace.status('customers')).recent[0]?.number === number, {
    timeout: 60_000,
  });
}

async function eventsOf(
  workspace: Workspace,
  kind: 'workflowTaskFailedEventAttributes' | 'upsertWorkflowSearchAttributesEventAttributes',
): Promise<number> {
  const histories = [workspace.sync('customers'), workspace.import('customers', 1)].map((workflow) =>
    workflow.fetchHistory(),
  );
  const events = (await Promise.all(histories)).flatMap((history) => history.events ?? []);
  return events.filter((event) => event[kind]).length;
}
