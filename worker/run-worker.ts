import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import type pino from 'pino';
import { createActivities } from '../activities/create-activities.js';
import { ConfigError } from '../config/config-error.js';
import type { Environment } from '../config/environment.js';
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
import { createLogger, installLogger } from './logger.js';
import { keepSearchAttributes } from './search-attributes.js';
import { temporalSettings } from './temporal-settings.js';
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

export interface WorkerOptions {
  /** One or more inlet.yaml: the workspaces that this worker serves. */
  configPaths: string[];
  environment: Environment;
  /** Called when the worker polls for work. */
  onReady?: (serving: { workspaces: string[]; address: string }) => void;
  logLevel?: pino.LevelWithSilent;
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
  const logger = createLogger(options.logLevel ?? 'info');
  // Last of what needs no server: once the SDK's runtime is there, only a connection's end lets the process end.
  installLogger(logger);
  const connection = await NativeConnection.connect(settings).catch(async (error: unknown) => {
    throw new Error(await unreachable(settings, error), { cause: error });
  });
  const stores = new Map<string, Store>();
  try {
    const client = new Client({ connection, namespace, dataConverter });
    const taskQueue = environment.get('INLET_TASK_QUEUE') ?? TASK_QUEUE;
    const served: Served[] = [];
    for (const file of files) served.push({ file, store: await openMigrated(stores, file) });
    await serve(
      { served, connection, namespace, client, dataConverter, taskQueue, deployment, logger },
      (workspaces) => options.onReady?.({ workspaces, address }),
    );
  } finally {
    await Promise.all([...stores.values()].map((store) => store.close()));
    await connection.close();
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
}

/**
 * One worker for all workflows, and one for the activities of each workspace: only who has its file gets its work.
 * @throws TooOldForStore, once it has drained, if a store does not admit this version any more
 */
async function serve(
  { served, connection, namespace, client, dataConverter, taskQueue, deployment, logger }: Serving,
  onReady: (workspaces: string[]) => void,
): Promise<void> {
  const common = { connection, namespace, dataConverter, shutdownGraceTime: GRACE_MS, ...deployment };
  const failures = dataConverter.failureConverterPath === undefined ? 'plain' : 'encoded';
  const registering = keepSearchAttributes({ connection, namespace, logger });
  const workers = await Promise.all([
    workflowBundle(failures).then((codePath) =>
      Worker.create({
        ...common,
        taskQueue,
        workflowBundle: { codePath },
        maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS,
      }),
    ),
    ...served.map(({ file, store }) =>
      Worker.create({
        ...common,
        taskQueue: activityQueue(taskQueue, file.settings.name),
        activities: { ...createActivities({ file, store, client, taskQueue }) },
        maxConcurrentActivityTaskExecutions: ACTIVITIES_PER_WORKSPACE,
        maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
      }),
    ),
  ]);
  const stopRegistering = await registering;
  const stopAlerting = await Promise.all(
    served.map(({ file, store }) => startAlerting({ file, store, client, taskQueue }, logger)),
  );
  const stops = served.map(({ file, store }) =>
    startCaretaking({ workspace: file.settings.name, store, client, logger }),
  );
  // If one of them dies, none of them is of use: the others drain, and whoever watches the process starts it again.
  const stopOthers = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const running = workers.map((worker) => worker.run().finally(stopOthers));
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
