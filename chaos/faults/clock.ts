import type { Fault } from '../faults.js';
import { until } from '../wait.js';
import type { World } from '../world.js';
import { killWorker } from './workers.js';

const HOUR_S = 3_600;

/** The worker comes back with a clock that is an hour off, and keeps it until the next fault. */
const off = (name: string, seconds: number): Fault => ({
  name: `the worker's clock an hour ${name}`,
  workers: 1,
  notAt: [],
  mayEnd: ['Completed'],
  async fire(world: World, { worker }) {
    await killWorker(world, worker);
    const shifted = await world.addWorker(seconds);
    return await until(
      "a line of the worker's log",
      async () => {
        const times = [...(await shifted.log()).matchAll(/"time":"([^"]+)"/g)].map(([, time = '']) =>
          Date.parse(time),
        );
        const last = times.at(-1);
        if (last === undefined) return undefined;
        const offBy = Math.round((last - Date.now()) / 60_000);
        if (Math.abs(offBy - seconds / 60) > 5) throw new Error(`its log is ${offBy} minutes off`);
        return `its log is ${offBy} minutes off`;
      },
      30_000,
    );
  },
});

export const clockFaults = [off('ahead', HOUR_S), off('behind', -HOUR_S)];
