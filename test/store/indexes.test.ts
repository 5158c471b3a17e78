import { beforeAll, describe, expect, test } from 'vitest';
import type { Mode } from '../../config/sync-definition.js';
import { applyNextChunk, planImport, type StagedWork } from '../../store/ledger.js';
import { ensureWorkspace } from '../../store/workspaces.js';
import { useStore } from '../support/store-database.js';
import { addPeople, stageImport } from '../support/store-import.js';

const database = useStore('indexes');
const size = 50_000;

/** Two hundred rows of which some are contested, for people who are there and for some who aren't. */
const rows = Array.from({ length: 200 }, (_, at) => [
  `${at * 300}`,
  `${at % 5 === 0 ? 'contested' : `p${at * 300}`}@x.io`,
  'gold',
]);

async function planned(workspace: string, identifyBy: 'id' | 'email', mode: Mode): Promise<StagedWork> {
  const work = await stageImport(database.store, {
    workspace,
    sync: `${identifyBy}-${mode}`,
    identifyBy,
    mode,
    allowEmailUpdatesUsingId: true,
    columns: ['id', 'email', 'plan'],
    rows,
  });
  await planImport(database.store, work);
  return work;
}

/** How many whole scans of the people there have been, and how many of their rows were read by them. */
async function scans(): Promise<{ whole: number; read: number }> {
  await database.store.pool.query('SELECT pg_stat_force_next_flush()');
  const { rows: found } = await database.store.pool.query<{ whole: number; read: number }>(
    `SELECT seq_scan AS whole, seq_tup_read + idx_tup_fetch AS read FROM pg_stat_all_tables
     WHERE relid = 'inlet.person'::regclass`,
  );
  return found[0] ?? { whole: 0, read: 0 };
}

/** The statistics say that there is nobody, as they do when autovacuum looks while a first import runs. */
async function addUnseen(workspace: string): Promise<void> {
  const { store } = database;
  const client = await store.pool.connect();
  try {
    const workspaceId = await ensureWorkspace(client, workspace);
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO inlet.person (workspace_id, id, email, attributes)
       SELECT $1, at, 'p' || at || '@x.io', '{}' FROM generate_series(0, $2::int - 1) at`,
      [workspaceId, size],
    );
    await store.pool.query('ANALYZE inlet.person');
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

describe.each([
  { people: 'analyzed before they were committed' },
  { people: 'analyzed' },
  { people: 'not analyzed yet' },
])('with 50,000 people, $people', ({ people }) => {
  beforeAll(async () => {
    const there = Array.from({ length: size }, (_, at) => ({
      id: `${at}`,
      email: `p${at}@x.io`,
      attributes: {},
    }));
    if (people === 'analyzed before they were committed') await addUnseen(people);
    else await addPeople(database.store, there, people);
    if (people === 'analyzed') await database.store.pool.query('ANALYZE inlet.person');
  });

  test.each([
    ['id', 'add'],
    ['id', 'update'],
    ['id', 'add-and-update'],
    ['email', 'add-and-update'],
  ] as const)('a chunk looks people up by index: identifyBy %s, mode %s', async (identifyBy, mode) => {
    const { store } = database;
    const work = await planned(people, identifyBy, mode);
    const before = await scans();
    while (await applyNextChunk(store, work));
    const after = await scans();
    await store.pool.query(`UPDATE inlet.workspace SET active_import = NULL WHERE name = $1`, [people]);
    expect(after.whole - before.whole).toBe(0);
    expect(after.read - before.read).toBeLessThan(10 * rows.length);
  });
});
