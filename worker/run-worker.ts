import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { MAX_LANES } from '../activities/import-steps.js';
import { ConfigError } from '../config/config-error.js';
import type { Environment } from '../config/environment.js';
import type { ListenAddress } from '../config/listen-address.js';
import { logLevel, type LogLevel } from '../config/log-level.js';
import { loadWorkspaceFile, resolveDatabase, type WorkspaceFile } from '../config/workspace-file.js';
import { dataConverterOf } from '../encryption/data-converter.js';
import { migrate } from '../store/migrate.js';
import { PARTS_AT_ONCE } from '../store/staged-parts.js';
import { openStore, type Store } from '../store/store.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import { deploymentOf } from './deployment.js';
import { createLogger, installRuntime } from './logger.js';
import { startMonitoring } from './monitoring.js';
import { serve, type Served } from './serve.js';
import { temporalSettings } from './temporal-settings.js';
import { startTracing } from './tracing.js';
import { unreachable } from './unreachable.js';

/** Of a worker to one store, beside those of one import for each workspace (docs/operating.md, "Scaling"). */
const STORE_CONNECTIONS = 10;
/** It copies its parts first, and then applies chunks. */
const CONNECTIONS_OF_AN_IMPORT = Math.max(PARTS_AT_ONCE, MAX_LANES);
/** How long spans may take to be sent when the worker ends. */
const LAST_SPANS_MS = 3_000;

export interface WorkerOptions {
  /** One or more inlet.yaml: the workspaces that this worker serves. */
  configPaths: string[];
  environment: Environment;
  /** Called when the worker polls for work. */
  onReady?: (serving: { workspaces: string[]; address: string }) => void;
  /** INLET_LOG_LEVEL unless given. */
  logLevel?: LogLevel;
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
  const logger = createLogger(options.logLevel ?? logLevel(environment));
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
    for (const file of files) served.push({ file, store: await openMigrated(stores, file, files) });
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

async function openMigrated(
  stores: Map<string, Store>,
  file: WorkspaceFile,
  files: readonly WorkspaceFile[],
): Promise<Store> {
  const url = file.storeUrl();
  const open = stores.get(url);
  if (open !== undefined) return open;
  // All imports at once must leave some for the others.
  const workspaces = files.filter((other) => other.storeUrl() === url).length;
  const max = STORE_CONNECTIONS + CONNECTIONS_OF_AN_IMPORT * workspaces;
  const store = openStore(url, { max, applicationName: 'inlet worker' });
  stores.set(url, store);
  await migrate(store);
  return store;
}

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
