import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type pino from 'pino';
import { createActivities } from '../activities/create-activities.js';
import { ConfigError } from '../config/config-error.js';
import type { Environment } from '../config/environment.js';
import type { ListenAddress } from '../config/listen-address.js';
import type { LogLevel } from '../config/log-level.js';
import { loadWorkspaceFile, resolveDatabase, type WorkspaceFile } from '../config/workspace-file.js';
import { dataConverterOf } from '../encryption/data-converter.js';
import type { TooOldForStore } from '../store/compatibility.js';
import { migrate } from '../store/migrate.js';
import { openStore, type Store } from '../store/store.js';
import { activityQueue, TASK_QUEUE } from '../workflows/messages.js';
import { watchAdmission } from './admission.js';
import { startAlerting } from './alerting.js';
import { startCaretaking } from './caretaker.js';
import { deploymentOf, sayWhatMakesItCurrent, type Deployment } from './deployment.js';
import { createLogger, installRuntime } from './logger.js';
import { startMonitoring, type Monitoring } from './monitoring.js';
import { keepSearchAttributes } from './search-attributes.js';
import { temporalSettings } from './temporal-settings.js';
import { startTracing, type Tracing } from './tracing.js';
import { unreachable } from './unreachable.js';
import { workflowBundle } from './workflow-bundle.js';

/** Activities of one workspace that run at once here; each keeps a connection or two busy. */
const ACTIVITIES_PER_WORKSPACE = 8;
const STORE_CONNECTIONS = 10;
/** How long running activities may go on after SIGTERM: a chunk takes a second or two. */
const GRACE_MS = 10_000;
/** A cancellation reaches an activity with its next heartbeat. */
const HEARTBEAT_THROTTLE_MS = 2_000;
/** Replaying histories is work for the processor: many at once only make each of them late. */
const WORKFLOW_TASKS = 4;
/** How long spans may take to be sent when the worker ends. */
const LAST_SPANS_MS = 3_000;

export interface WorkerOptions {
  /** One or more inlet.yaml: the workspaces that this worker serves. */
  configPaths: string[];
  environment: Environment;
  /** Called when the worker polls for work. */
  onReady?: (serving: { workspaces: string[]; address: string }) => void;
  logLevel: LogLevel;
  /** Where to serve health and metrics; nowhere unless given. */
  listen?: ListenAddress;
}

/**
 * Serves workspaces until the process gets SIGINT or SIGTERM, then drains: finishes what can be finished in time and
 * hands the rest back to Temporal.
 * @throws ConfigError for what is wrong in a file, and Errors with a sentence for a store or server that can't be used
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { environment } = options;
  const files = await Promise.all(options.configPaths.map((path) => loadWorkspaceFile(path, environment)));
  refuseTwins(files);
  resolveCredentials(files);
  const deployment = deploymentOf(environment);
  const settings = temporalSettings(environment);
  const { address, namespace } = settings;
  const dataConverter = dataConverterOf(environment);
  const logger = createLogger(options.logLevel);
  const tracing = await startTracing(
    environment,
    oncePerMinute(() => logger.warn('traces could not be sent')),
  );
  const monitoring = await startMonitoring(options.listen, logger);
  const stores = new Map<string, Store>();
  let connection: NativeConnection | undefined;
  try {
    // Last of what needs no server: once the SDK's runtime is there, only a connection's end lets the process end.
    installRuntime(logger, monitoring.sdkMetrics);
    connection = await NativeConnection.connect(settings).catch(async (error: unknown) => {
      throw new Error(await unreachable(settings, error), { cause: error });
    });
    const plugins = tracing === undefined ? [] : [tracing.plugin];
    const client = new Client({ connection, namespace, dataConverter, plugins });
    const taskQueue = environment.get('INLET_TASK_QUEUE') ?? TASK_QUEUE;
    const served: Served[] = [];
    for (const file of files) served.push({ file, store: await openMigrated(stores, file) });
    const serving = {
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
    };
    await serve(serving, (workspaces) => options.onReady?.({ workspaces, address }));
  } finally {
    await Promise.all([monitoring.close(), tracing?.close(LAST_SPANS_MS)]);
    await Promise.all([...stores.values()].map((store) => store.close()));
    await connection?.close();
  }
}

interface Served {
  file: WorkspaceFile;
  store: Store;
}

interface Serving {
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
 * One worker for all workflows, and one for the activities of each workspace: only who has its file gets its work.
 * @throws TooOldForStore, once it has drained, if a store does not admit this version any more
 */
async function serve(
  { served, connection, namespace, client, dataConverter, taskQueue, deployment, logger, monitoring, tracing }: Serving,
  onReady: (workspaces: string[]) => void,
): Promise<void> {
  const { events } = monitoring;
  // Ours alone: a container that is started again has the same process number and host.
  const identity = `${process.pid}@${hostname()}:${randomBytes(4).toString('hex')}`;
  // Not for workflows: what it does there changes the order of their steps, and those that run could not go on.
  const plugins = tracing === undefined ? [] : [tracing.plugin];
  const common = { connection, namespace, dataConverter, identity, shutdownGraceTime: GRACE_MS, ...deployment };
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

async function openMigrated(stores: Map<string, Store>, file: WorkspaceFile): Promise<Store> {
  const url = file.storeUrl();
  const open = stores.get(url);
  if (open !== undefined) return open;
  const store = openStore(url, { max: STORE_CONNECTIONS, applicationName: 'inlet worker' });
  stores.set(url, store);
  await migrate(store);
  return store;
}

const syncsOf = ({ syncs }: WorkspaceFile) =>
  [...syncs.values()].map(({ sync, relationships }) => ({
    sync,
    hasRelationships: relationships !== undefined,
  }));

/** A server that gets no traces is told of, but not with every batch. */
function oncePerMinute(say: () => void): () => void {
  let saidAt = -Infinity;
  return () => {
    if (performance.now() - saidAt < 60_000) return;
    saidAt = performance.now();
    say();
  };
}

/** Two files of one workspace would fight over its settings. */
function refuseTwins(files: WorkspaceFile[]): void {
  for (const file of files) {
    const twin = files.find((other) => other !== file && other.settings.name === file.settings.name);
    if (twin !== undefined)
      throw new ConfigError([
        {
          file: file.path,
          message: `The workspace "${file.settings.name}" is also in ${twin.path}: give one file per workspace.`,
        },
      ]);
  }
}

/** A missing variable is found now, not in the middle of the night. */
function resolveCredentials(files: WorkspaceFile[]): void {
  for (const file of files) {
    for (const name of file.databases.keys()) resolveDatabase(file, name);
    file.alerts?.resolve();
  }
}
