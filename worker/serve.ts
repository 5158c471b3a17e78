import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type pino from 'pino';
import { createActivities } from '../activities/create-activities.js';
import type { WorkspaceFile } from '../config/workspace-file.js';
import type { TooOldForStore } from '../store/compatibility.js';
import type { Store } from '../store/store.js';
import { activityQueue } from '../workflows/messages.js';
import { watchAdmission } from './admission.js';
import { startAlerting } from './alerting.js';
import { startCaretaking } from './caretaker.js';
import { sayWhatMakesItCurrent, type Deployment } from './deployment.js';
import type { Monitoring } from './monitoring.js';
import { keepSearchAttributes } from './search-attributes.js';
import type { Tracing } from './tracing.js';
import { workflowBundle } from './workflow-bundle.js';

/** Activities of one workspace that run at once here; each keeps a connection or two busy. */
const ACTIVITIES_PER_WORKSPACE = 8;
/**
 * Requests for work that are open for each workspace. One import needs no more, and a Temporal server lets a namespace have
 * some 1,200 of them (`frontend.namespaceCount`), of all workers together.
 */
const ACTIVITY_POLLS_PER_WORKSPACE = 2;
/** How long running activities may go on after SIGTERM: a chunk takes a second or two. */
const GRACE_MS = 10_000;
/** A cancellation reaches an activity with its next heartbeat. */
const HEARTBEAT_THROTTLE_MS = 2_000;
/** Replaying histories is work for the processor: many at once only make each of them late. */
const WORKFLOW_TASKS = 4;

export interface Served {
  file: WorkspaceFile;
  store: Store;
}

export interface Serving {
  served: Served[];
  connection: NativeConnection;
  namespace: string;
  client: Client;
  dataConverter: DataConverter;
  taskQueue: string;
  deployment: Deployment;
  logger: pino.Logger;
  monitoring: Monitoring;
  tracing: Tracing | undefined;
}

/**
 * Runs one worker for all workflows, and one for the activities of each workspace, until they are told to stop: only who
 * has a workspace's file gets its work.
 * @param onReady called with the workspaces' names when all of them poll
 * @throws TooOldForStore, once it has drained, if a store does not admit this version any more
 */
export async function serve(
  {
    served,
    connection,
    namespace,
    client,
    dataConverter,
    taskQueue,
    deployment,
    logger,
    monitoring,
    tracing,
  }: Serving,
  onReady: (workspaces: string[]) => void,
): Promise<void> {
  const { events } = monitoring;
  // Ours alone: a container that is started again has the same process number and host.
  const identity = `${process.pid}@${hostname()}:${randomBytes(4).toString('hex')}`;
  // Not for workflows: what it does there changes the order of their steps, and those that run could not go on.
  const plugins = tracing === undefined ? [] : [tracing.plugin];
  const common = {
    connection,
    namespace,
    dataConverter,
    identity,
    shutdownGraceTime: GRACE_MS,
    ...deployment,
  };
  const activityDependencies = { client, taskQueue, events, ...(tracing && { trace: tracing.trace }) };
  const failures = dataConverter.failureConverterPath === undefined ? 'plain' : 'encoded';
  const registering = keepSearchAttributes({ connection, namespace, logger });
  const ofWorkflows = async () => ({
    name: 'workflows',
    kind: 'workflows' as const,
    taskQueue,
    worker: await Worker.create({
      ...common,
      taskQueue,
      workflowBundle: { codePath: await workflowBundle(failures) },
      maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS,
    }),
  });
  const ofActivities = async ({ file, store }: Served) => {
    const queue = activityQueue(taskQueue, file.settings.name);
    return {
      name: `activities of ${file.settings.name}`,
      kind: 'activities' as const,
      taskQueue: queue,
      worker: await Worker.create({
        ...common,
        plugins,
        taskQueue: queue,
        activities: { ...createActivities({ ...activityDependencies, file, store }) },
        maxConcurrentActivityTaskExecutions: ACTIVITIES_PER_WORKSPACE,
        activityTaskPollerBehavior: { type: 'simple-maximum', maximum: ACTIVITY_POLLS_PER_WORKSPACE },
        maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
      }),
    };
  };
  const workers = await Promise.all([ofWorkflows(), ...served.map(ofActivities)]);
  const stopRegistering = await registering;
  const stopAlerting = await Promise.all(
    served.map(({ file, store }) => startAlerting({ file, store, client, taskQueue }, logger)),
  );
  const stops = served.map(({ file, store }) =>
    startCaretaking({ workspace: file.settings.name, store, client, events, logger }),
  );
  // If one of them dies, none of them is of use: the others drain, and whoever watches the process starts it again.
  const stopOthers = () => {
    for (const { worker } of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const running = workers.map(({ worker }) => worker.run().finally(stopOthers));
  const refusals: TooOldForStore[] = [];
  const stopWatching = watchAdmission({
    stores: new Set(served.map(({ store }) => store)),
    logger,
    onRefused: (refusal) => {
      refusals.push(refusal);
      stopOthers();
    },
  });
  const workspaces = served.map(({ file }) => file.settings.name);
  monitoring.watch({
    workers,
    workspaces: served.map(({ file, store }) => ({
      workspace: file.settings.name,
      store,
      storeUrl: file.storeUrl(),
      syncs: syncsOf(file),
    })),
    polling: { connection, namespace, identity },
  });
  logger.info(
    { workspaces, taskQueue, namespace, ...deployment.workerDeploymentOptions?.version },
    'serving',
  );
  const waitsFor = sayWhatMakesItCurrent(deployment);
  if (waitsFor !== undefined) logger.info(waitsFor);
  onReady(workspaces);
  try {
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
    for (const stop of [...stops, ...stopAlerting, stopRegistering, stopWatching]) stop();
    logger.info('drained');
  }
  if (refusals[0] !== undefined) throw refusals[0];
}

const syncsOf = ({ syncs }: WorkspaceFile) =>
  [...syncs.values()].map(({ sync, relationships }) => ({
    sync,
    hasRelationships: relationships !== undefined,
  }));
