import { Gauge, type Registry } from 'prom-client';
import type pino from 'pino';
import { readSyncHealth, type SyncHealth } from '../../store/held-back.js';
import type { Store } from '../../store/store.js';
import type { ImportMetrics } from './import-metrics.js';

const EVERY_MS = 30_000;

export interface WatchedLogs {
  workspaces: readonly { workspace: string; store: Store }[];
  logger: pino.Logger;
}

/**
 * Reads every half minute, from the log, what no worker knows by itself: whether `last_sync_time` of each sync is held
 * back, and since when. The seconds grow with each scrape in between.
 * @returns a function that ends it
 */
export function watchLogs(
  registry: Registry,
  counters: Pick<ImportMetrics, 'know'>,
  { workspaces, logger }: WatchedLogs,
): () => void {
  const read = new Map<string, SyncHealth[]>();
  gauges(registry, read);
  const look = async (workspace: string, store: Store) => {
    const syncs = await readSyncHealth(store, workspace);
    read.set(workspace, syncs);
    for (const { sync, hasRelationships } of syncs) counters.know({ workspace, sync, hasRelationships });
  };
  const looking = new Set<string>();
  const lookAtAll = () => {
    for (const { workspace, store } of workspaces) {
      // A store that hangs is asked once, not every half minute once more.
      if (looking.has(workspace)) continue;
      looking.add(workspace);
      look(workspace, store)
        .catch((error: unknown) => {
          // What can't be read is not shown: an alert must not rest on what was true long ago.
          read.delete(workspace);
          const message = error instanceof Error ? error.name : 'unknown';
          logger.debug({ workspace, message }, 'could not read the log for metrics');
        })
        .finally(() => looking.delete(workspace));
    }
  };
  lookAtAll();
  const timer = setInterval(lookAtAll, EVERY_MS);
  return () => clearInterval(timer);
}

function gauges(registry: Registry, read: ReadonlyMap<string, SyncHealth[]>): void {
  const registers = [registry];
  const labelNames = ['workspace', 'sync'] as const;
  const ofEach = (value: (sync: SyncHealth) => number | null) =>
    function (this: Gauge<'workspace' | 'sync'>) {
      this.reset();
      for (const [workspace, syncs] of read)
        for (const health of syncs) {
          const number = value(health);
          if (number !== null) this.set({ workspace, sync: health.sync }, number);
        }
    };
  new Gauge({
    name: 'inlet_last_sync_time_held_back_seconds',
    help: 'For how long last_sync_time has been held back by imports that failed or could not move it; 0 if it is not.',
    labelNames,
    registers,
    collect: ofEach(({ heldBackSince }) =>
      heldBackSince === null ? 0 : Math.max(0, Date.now() - heldBackSince.getTime()) / 1000,
    ),
  });
  new Gauge({
    name: 'inlet_last_sync_time_timestamp_seconds',
    help: 'The last_sync_time of each sync, in Unix seconds; 0 until an import is Completed.',
    labelNames,
    registers,
    collect: ofEach(({ lastSyncTime }) => lastSyncTime),
  });
  new Gauge({
    name: 'inlet_last_completed_timestamp_seconds',
    help: 'When the newest Completed import ended, in Unix seconds; absent until there is one.',
    labelNames,
    registers,
    collect: ofEach(({ completedAt }) => (completedAt === null ? null : completedAt.getTime() / 1000)),
  });
}
