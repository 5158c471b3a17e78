import type pino from 'pino';
import { Registry } from 'prom-client';
import { toldTo, type ImportEvents } from '../activities/import-events.js';
import type { ListenAddress } from '../config/listen-address.js';
import type { Store } from '../store/store.js';
import { healthz, readyz, type WatchedWorker } from './health/health.js';
import { pollerCheck, type PolledQueue, type Polling } from './health/pollers.js';
import { storeCheck } from './health/store-check.js';
import { listen, type Page } from './http-listener.js';
import { logImports } from './log-events.js';
import { createImportMetrics, type KnownSync } from './metrics/import-metrics.js';
import { watchLogs } from './metrics/log-metrics.js';
import { processMetrics } from './metrics/process-metrics.js';
import { sdkMetrics, type SdkMetrics } from './metrics/sdk-metrics.js';

/** What the worker does, as far as monitoring looks at it. */
export interface Served {
  workers: readonly (WatchedWorker & PolledQueue)[];
  workspaces: readonly ServedWorkspace[];
  polling: Polling;
}

export interface ServedWorkspace {
  workspace: string;
  store: Store;
  storeUrl: string;
  syncs: readonly Omit<KnownSync, 'workspace'>[];
}

/** How others see what this process does: its log, and health and metrics where it listens. */
export interface Monitoring {
  /** What activities tell goes here. */
  events: ImportEvents;
  /** For the SDK's runtime; undefined where nobody can ask. */
  sdkMetrics: SdkMetrics['exporter'] | undefined;
  /** Called once there is something to look at. */
  watch(served: Served): void;
  /** To be called when the worker has drained: until then it is seen to. */
  close(): Promise<void>;
}

/**
 * @param address where to serve /healthz, /readyz and /metrics; nowhere if it is undefined
 * @throws an Error with a sentence if the address can't be listened on
 */
export async function startMonitoring(
  address: ListenAddress | undefined,
  logger: pino.Logger,
): Promise<Monitoring> {
  const log = logImports(logger);
  if (address === undefined)
    return { events: log, sdkMetrics: undefined, watch: () => undefined, close: () => Promise.resolve() };

  const registry = new Registry();
  const counters = createImportMetrics(registry);
  const sdk = await sdkMetrics();
  let served: Served | undefined;
  let watched: Parameters<typeof readyz>[0];
  const closing: (() => void | Promise<void>)[] = [];
  processMetrics(registry, () => new Set(served?.workspaces.map(({ store }) => store)));

  const listener = await listen(address, {
    '/healthz': () => Promise.resolve(healthz(watched)),
    '/readyz': () => readyz(watched),
    '/metrics': () => metricsPage(registry, sdk),
  });
  logger.info({ url: listener.url }, 'health and metrics are served');

  return {
    events: toldTo([log, counters]),
    sdkMetrics: sdk.exporter,
    watch(now) {
      served = now;
      for (const { workspace, syncs } of now.workspaces)
        for (const sync of syncs) counters.know({ workspace, ...sync });
      closing.push(watchLogs(registry, counters, { workspaces: now.workspaces, logger }));
      const stores = byUrl(now.workspaces).map(([storeUrl, names]) => storeCheck(storeUrl, names));
      closing.push(...stores.map((store) => store.close));
      const polls = now.workers.map((worker) => pollerCheck(now.polling, worker));
      watched = { workers: now.workers, checks: [...polls, ...stores.map(({ check }) => check)] };
    },
    close: async () => {
      await Promise.all([listener.close(), ...closing.map((end) => end())]);
    },
  };
}

/** Ours, and then those of the SDK; their names can't meet, for all of ours begin with inlet_. */
async function metricsPage(registry: Registry, sdk: SdkMetrics): Promise<Page> {
  const [own, theirs] = await Promise.all([registry.metrics(), sdk.text()]);
  return { status: 200, contentType: registry.contentType, body: `${own.trimEnd()}\n${theirs}` };
}

/** The names of the workspaces that share a store. */
function byUrl(workspaces: readonly ServedWorkspace[]): [storeUrl: string, names: string[]][] {
  const urls = new Map<string, string[]>();
  for (const { storeUrl, workspace } of workspaces)
    urls.set(storeUrl, [...(urls.get(storeUrl) ?? []), workspace]);
  return [...urls];
}
