import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Mode } from '../../config/sync-definition.js';
import { applyNextChunk, planImport, type StagedWork } from '../../store/ledger.js';
import { openStore, type Store } from '../../store/store.js';
import { ensureWorkspace } from '../../store/workspaces.js';
import { useStore } from '../support/store-database.js';
import { addPeople, column, stageImport } from '../support/store-import.js';

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

/** How many whole scans of some tables there have been, and how many of their rows were read. */
async function scans(...tables: string[]): Promise<{ whole: number; read: number }> {
  await database.store.pool.query('SELECT pg_stat_force_next_flush()');
  const { rows: found } = await database.store.pool.query<{ whole: number; read: number }>(
    `SELECT sum(seq_scan)::bigint AS whole, sum(seq_tup_read + idx_tup_fetch)::bigint AS read FROM pg_stat_all_tables
     WHERE relid = ANY ($1::regclass[])`,
    [tables.length === 0 ? ['inlet.person'] : tables],
  );
  return found[0] ?? { whole: 0, read: 0 };
}

/** A store whose server says how it carries out each statement. */
function explainingStore(): { store: Store; plans: string[] } {
  const store = openStore(database.url, { max: 2 });
  const plans: string[] = [];
  store.pool.on('connect', (client) => {
    client.on('notice', ({ message = '' }) => plans.push(message));
    void client.query(
      `LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_level = 'notice'`,
    );
  });
  return { store, plans };
}

test('contested rows look people up by index in a store that was never analyzed', async () => {
  const count = 3_000;
  const ids = Array.from({ length: count }, (_, at) => `${count - at}`);
  const people = ids.map((id, at) => ({ id, email: at % 2 === 0 ? null : `p${id}@x.io`, attributes: {} }));
  await addPeople(database.store, people, 'never');
  const { store, plans } = explainingStore();
  try {
    const work = await stageImport(store, {
      workspace: 'never',
      allowEmailUpdatesUsingId: true,
      columns: ['id', 'email', column('data', 'json')],
      rows: [
        // Everybody moves on to the email of the one before, who has given it up.
        ...ids.map((id) => [id, `p${Number(id) + 1}@x.io`, '[1]']),
        // And some want one that they are refused.
        ...ids.slice(0, 20).map((id) => [`new${id}`, 'p10@x.io', '[1]']),
      ],
    });
    await planImport(store, work);
    plans.length = 0;
    while (await applyNextChunk(store, work));
  } finally {
    await store.close();
  }
  expect(plans.filter((plan) => /Seq Scan on (stage|person)/.test(plan))).toEqual([]);
  const lookUps = plans.flatMap((plan) => plan.match(/.*\bon person [pq]\b.*\n.*/g) ?? []);
  expect(lookUps.length).toBeGreaterThan(3);
  for (const lookUp of lookUps)
    expect(lookUp).toMatch(
      /Index Scan using person_by_(id|email) .*\n\s*Index Cond: \(+(id|lower\(email\)) =/,
    );
});

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

test('a chunk whose statistics mislead waits for who mends them, and does not go by them', async () => {
  const { store } = database;
  const workspace = 'mended by another';
  await addUnseen(workspace);
  const work = await planned(workspace, 'id', 'update');
  await store.pool.query('UPDATE pg_class SET reltuples = 0 WHERE oid = $1::regclass', ['inlet.person']);
  const other = await store.pool.connect();
  try {
    await other.query('BEGIN; LOCK TABLE inlet.person IN SHARE UPDATE EXCLUSIVE MODE');
    const before = await scans();
    const applied = applyNextChunk(store, work);
    await vi.waitUntil(async () => {
      const { rowCount } = await store.pool.query(
        `SELECT FROM pg_locks WHERE relation = 'inlet.person'::regclass AND NOT granted`,
      );
      return rowCount === 1;
    }, 20_000);
    await other.query('COMMIT');
    expect(await applied).toBe(true);
    const after = await scans();
    expect(after.read - before.read).toBeLessThan(10 * rows.length);
  } finally {
    other.release();
  }
});

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

describe.each([{ statistics: 'analyzed' }, { statistics: 'of tables that were next to empty' }])(
  'with 50,000 people, objects and relationships, $statistics',
  ({ statistics }) => {
    const workspace = `related: ${statistics}`;
    const tables = ['inlet.person', 'inlet.object', 'inlet.relationship'];

    beforeAll(async () => {
      const { store } = database;
      const there = Array.from({ length: size }, (_, at) => ({ id: `${at}`, email: null, attributes: {} }));
      await addPeople(store, there, workspace);
      await store.pool.query(
        `WITH type AS (
           INSERT INTO inlet.object_type (workspace_id, name) SELECT workspace_id, 'company' FROM inlet.workspace WHERE name = $1
           RETURNING object_type_id, workspace_id
         ), object AS (
           INSERT INTO inlet.object (object_type_id, object_id, attributes)
           SELECT object_type_id, 'o' || at, '{}' FROM type, generate_series(0, $2::int - 1) at RETURNING object_key, object_id
         )
         INSERT INTO inlet.relationship (person_id, object_key, attributes)
         SELECT p.person_id, o.object_key, '{}' FROM type JOIN inlet.person p USING (workspace_id) JOIN object o ON o.object_id = 'o' || p.id`,
        [workspace, size],
      );
      if (statistics === 'analyzed') await store.pool.query(`ANALYZE ${tables.join(', ')}`);
      else
        await store.pool.query('UPDATE pg_class SET reltuples = 0 WHERE oid = ANY ($1::regclass[])', [
          tables,
        ]);
    });

    test.each(['role', 'deleted'])('relationship rows look up all three by index: %s', async (column) => {
      const { store } = database;
      const ids = Array.from({ length: 200 }, (_, at) => at * 200);
      const work = await stageImport(store, {
        workspace,
        columns: ['id'],
        rows: [],
        relationships: {
          objectType: 'company',
          identifyBy: 'id',
          columns: ['id', 'object_id', column],
          rows: ids.map((id) => [`${id}`, `o${id + (id % 400 === 0 ? 0 : 1)}`, 'true']),
        },
      });
      await planImport(store, work);
      const before = await scans(...tables);
      while (await applyNextChunk(store, work));
      const after = await scans(...tables);
      await store.pool.query(`UPDATE inlet.workspace SET active_import = NULL WHERE name = $1`, [workspace]);
      expect(after.whole - before.whole).toBe(0);
      expect(after.read - before.read).toBeLessThan(10 * ids.length);
    });

    test('rows of objects look them up by index', async () => {
      const { store } = database;
      const ids = Array.from({ length: 200 }, (_, at) => `o${at * 300}`);
      const work = await stageImport(store, {
        workspace,
        objectType: 'company',
        columns: ['object_id', 'name'],
        rows: ids.map((id) => [id, 'x']),
      });
      await planImport(store, work);
      const before = await scans('inlet.object');
      while (await applyNextChunk(store, work));
      const after = await scans('inlet.object');
      await store.pool.query(`UPDATE inlet.workspace SET active_import = NULL WHERE name = $1`, [workspace]);
      expect(after.whole - before.whole).toBe(0);
      expect(after.read - before.read).toBeLessThan(10 * ids.length);
    });
  },
);
