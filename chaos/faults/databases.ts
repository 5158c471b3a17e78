import type { Database } from '../database.js';
import type { Fault } from '../faults.js';
import type { Gate } from '../gate.js';
import type { Phase, Reached } from '../phases.js';
import { until } from '../wait.js';
import type { World } from '../world.js';
import { stall } from './stall.js';

type Side = 'source' | 'store';

const sides: Record<
  Side,
  { of(world: World): Database; gate(reached: Reached): Gate; idleAt: readonly Phase[] }
> = {
  source: {
    of: ({ source }) => source,
    gate: ({ worker }) => worker.source,
    // No connection to the source is open then, or the rows are copied already.
    idleAt: [
      'waiting',
      'queued',
      'opening',
      'before staging',
      'in planning',
      'between chunks',
      'in a chunk, before its commit',
      'in a chunk, after its commit',
      'in relationships',
      'in closing',
      'closed, unknown to the worker',
      'at any time',
    ],
  },
  store: {
    of: ({ chaos }) => chaos.store,
    gate: ({ worker }) => worker.store,
    idleAt: ['waiting', 'at any time'],
  },
};

/** The server ends its sessions in order; UNLOGGED tables keep their rows. */
const restarted = (side: Side): Fault => ({
  name: `${side} PostgreSQL restarted`,
  workers: 1,
  notAt: [],
  mayEnd: ['Completed'],
  async fire(world) {
    const database = sides[side].of(world);
    const before = database.pid();
    await database.restart();
    if (database.pid() === before) throw new Error('The same server is there.');
    return `process ${before} is now ${database.pid()}`;
  },
});

/** A staging table is empty afterwards: what was applied of it in part can't be finished, and its import is Failed. */
const crashed = (side: Side): Fault => ({
  name: `${side} PostgreSQL crashed (kill -9 of a session)`,
  workers: 1,
  notAt: [],
  mayEnd: side === 'store' ? ['Completed', 'Failed'] : ['Completed'],
  async fire(world) {
    const database = sides[side].of(world);
    const proof = await database.crash();
    await until('the server', async () => (await database.pool.query('SELECT')).rowCount === 1, 60_000);
    return proof;
  },
});

const cut = (side: Side): Fault => ({
  name: `${side} connections cut (pg_terminate_backend)`,
  workers: 1,
  notAt: sides[side].idleAt,
  mayEnd: ['Completed'],
  async fire(world) {
    const { rowCount } = await sides[side]
      .of(world)
      .pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name LIKE 'inlet%'`,
      );
    if (!rowCount) throw new Error('No connection was there to be cut.');
    return `${rowCount} connections`;
  },
});

const stalled = (side: Side): Fault => ({
  name: `packets between worker and ${side} stalled for 15 s`,
  workers: 1,
  notAt: sides[side].idleAt,
  mayEnd: ['Completed'],
  async fire(_, reached) {
    const gate = sides[side].gate(reached);
    return await stall(gate, reached, () => {
      const { connections, bytes } = gate.stalled();
      if (connections === 0) throw new Error('No connection was kept waiting.');
      return `${connections} connections, ${bytes} bytes kept waiting`;
    });
  },
});

const diskFull: Fault = {
  name: 'disk of the store full',
  workers: 1,
  notAt: ['waiting', 'queued', 'at any time'],
  mayEnd: ['Completed', 'Failed'],
  async fire(world, reached) {
    const { store } = world.chaos;
    const before = await store.logLength();
    await world.disk.fill(store.pid());
    try {
      reached.release();
      const said = await until(
        "the server's complaint",
        async () => {
          // What else would write until there is no room: the import may be past what it had to write.
          await store.pool
            .query(`CREATE TABLE audit.filler AS SELECT repeat('x', 500) FROM generate_series(1, 20000)`)
            .then(
              () => store.pool.query('DROP TABLE audit.filler'),
              () => undefined,
            );
          return /No space left on device|File too large/.exec(await store.logSince(before))?.[0];
        },
        60_000,
      );
      return said;
    } finally {
      await world.disk.free(store.pid());
      await until('the store', async () => (await store.pool.query('SELECT')).rowCount === 1, 60_000);
    }
  },
};

const both = (make: (side: Side) => Fault): Fault[] => [make('source'), make('store')];

export const databaseFaults = [
  ...both(restarted),
  ...both(crashed),
  ...both(cut),
  ...both(stalled),
  diskFull,
];
