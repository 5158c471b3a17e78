import type { Fault } from '../faults.js';
import { stall } from './stall.js';

const killed: Fault = {
  name: 'Temporal server killed (kill -9) and started again on its database file',
  workers: 1,
  notAt: [],
  mayEnd: ['Completed'],
  async fire({ temporal }) {
    const how = await temporal.killAndRestart();
    if (how !== 'signal SIGKILL') throw new Error(`The server ended by ${how}.`);
    return how;
  },
};

const stalled: Fault = {
  name: 'packets between worker and Temporal stalled for 15 s',
  workers: 1,
  notAt: [],
  mayEnd: ['Completed'],
  fire: ({ temporal }, reached) =>
    stall(temporal.gate, reached, () => {
      const bytes = temporal.gate.waiting();
      if (bytes === 0) throw new Error('Nothing was kept waiting.');
      return `${bytes} bytes were kept waiting`;
    }),
};

export const temporalFaults = [killed, stalled];
