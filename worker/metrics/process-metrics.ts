import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { version } from '../../config/version.js';
import type { Store } from '../../store/store.js';

/** What this process is, what it takes of the machine, and how its connections to stores are used. */
export function processMetrics(registry: Registry, stores: () => Iterable<Store>): void {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'inlet_build_info',
    help: 'Always 1; its labels say which version runs.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: version(), node: process.versions.node }, 1);
  new Gauge({
    name: 'inlet_store_connections',
    help: 'Connections of this process to its stores: in use, idle, and how many callers wait for one.',
    labelNames: ['state'],
    registers,
    collect() {
      const sums = { used: 0, idle: 0, waiting: 0 };
      for (const { pool } of stores()) {
        sums.used += pool.totalCount - pool.idleCount;
        sums.idle += pool.idleCount;
        sums.waiting += pool.waitingCount;
      }
      for (const [state, count] of Object.entries(sums)) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'inlet_store_connections_max',
    help: 'How many connections to its stores this process may have.',
    registers,
    collect() {
      this.set([...stores()].reduce((sum, { pool }) => sum + pool.options.max, 0));
    },
  });
}
