import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInlet, type Inlet } from '../support/inlet.js';
import { readPages } from './pages.js';

/* What docs/security.md promises of its SQL, beyond that it runs (run.test.ts). */

const blocks = (await readPages()).flatMap((page) => page.blocks);
let inlet: Inlet;

beforeAll(async () => {
  inlet = await createInlet();
  await inlet.source.query(`CREATE TABLE customers AS
    SELECT n::text AS id, 'customer.' || n || '@example.com' AS email FROM generate_series(566, 568) n`);
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  companies:
    { database: crm, every: 1h, import: objects, objectType: company, query: SELECT 'C-1' AS object_id }
  customers:
    database: crm
    every: 1h
    identifyBy: id
    segment: { name: Customers, create: true }
    query: SELECT id, email FROM customers
    relationships: { objectType: company, query: "SELECT id, 'C-1' AS object_id FROM customers" }
  leads:
    database: crm
    every: 1h
    identifyBy: id
    query: |
      SELECT 'lead' AS id, 'Customer.567@example.com' AS email UNION ALL
      SELECT '567', 'not an address' UNION ALL
      SELECT 'other', 'not an address'
`);
  await inlet.startWorker();
  expect((await inlet.inlet('apply')).code).toBe(0);
  for (const sync of ['companies', 'customers']) await inlet.untilStatus(sync, 1, 'Completed');
  await inlet.untilStatus('leads', 1, 'Some Rows Failed');
}, 180_000);

afterAll(() => inlet.close());

test('who is forgotten is nowhere in the store, and all others are where they were', async () => {
  await inTransaction(async (client) => {
    const before = await countAll(client);
    expect(await about(client)).toEqual({ person: 1, failures: 2, orphans: 0 });
    await client.query(sqlOf('forget'));
    expect(await about(client)).toEqual({ person: 0, failures: 0, orphans: 0 });
    expect(await countAll(client)).toEqual({
      people: before.people - 1,
      segment_members: before.segment_members - 1,
      relationships: before.relationships - 1,
      import_failures: before.import_failures - 2,
      imports: before.imports,
    });
  });
});

test('nobody is forgotten while an import is open', async () => {
  await inTransaction(async (client) => {
    await client.query(
      'UPDATE inlet.workspace SET active_import = (SELECT min(import_id) FROM inlet.import)',
    );
    const before = await countAll(client);
    await client.query(sqlOf('forget'));
    expect(await countAll(client)).toEqual(before);
  });
});

test('analysts can read the views but no failures, operators every table, and neither can write', async () => {
  await inTransaction(async (client) => {
    await client.query(sqlOf('readers'));
    const { rows } = await client.query<{ role: string; reads: string[]; writes: string[] }>(`
      SELECT r.rolname AS role,
             array_agg(c.relname::text ORDER BY c.relname) FILTER (WHERE has_table_privilege(r.oid, c.oid, 'SELECT')) AS reads,
             coalesce(array_agg(c.relname::text) FILTER (WHERE has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE')), '{}') AS writes
      FROM pg_roles r CROSS JOIN pg_class c
      WHERE r.rolname IN ('inlet_analyst', 'inlet_operator') AND c.relnamespace = 'inlet'::regnamespace AND c.relkind IN ('r', 'v')
      GROUP BY 1 ORDER BY 1`);
    const [analyst, operator] = rows;
    expect(analyst).toEqual({
      role: 'inlet_analyst',
      // Everybody who may look into the schema sees which versions the store admits.
      reads: [
        'compatibility',
        'imports',
        'objects',
        'people',
        'relationships',
        'segment_members',
        'segments',
      ],
      writes: [],
    });
    expect(operator).toMatchObject({ role: 'inlet_operator', writes: [] });
    for (const table of ['import_failure', 'import_failures', 'person', 'workspace'])
      expect(operator?.reads).toContain(table);
    await client.query('SET LOCAL ROLE inlet_analyst');
    expect(await count(client, 'inlet.people')).toBeGreaterThan(0);
  });
});

/** The page's block of this name, for the workspace of this test. */
function sqlOf(name: string): string {
  const block = blocks.find(({ marks }) => marks.get('name') === name);
  if (block === undefined) throw new Error(`No page has a block with name=${name}.`);
  return block.text.replaceAll("'acme'", `'${inlet.workspace}'`);
}

async function inTransaction(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await inlet.store.connect();
  try {
    await client.query('BEGIN');
    await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

/** What the store knows of the person 567; and members and relationships of people who are not there. */
async function about(client: pg.PoolClient) {
  const gone = 'person_id NOT IN (SELECT person_id FROM inlet.person)';
  const named = `key = '567' OR collides_with LIKE 'id 567%' OR t::text ILIKE '%customer.567@%'`;
  return {
    person: await count(client, 'inlet.people', `id = '567' OR email ILIKE 'customer.567@%'`),
    failures: await count(client, 'inlet.import_failures t', named),
    orphans:
      (await count(client, 'inlet.segment_member', gone)) + (await count(client, 'inlet.relationship', gone)),
  };
}

async function countAll(client: pg.PoolClient) {
  return {
    people: await count(client, 'inlet.people'),
    segment_members: await count(client, 'inlet.segment_members'),
    relationships: await count(client, 'inlet.relationships'),
    import_failures: await count(client, 'inlet.import_failures'),
    imports: await count(client, 'inlet.imports'),
  };
}

async function count(client: pg.PoolClient, from: string, where = 'true'): Promise<number> {
  const { rowCount } = await client.query(`SELECT FROM ${from} WHERE ${where}`);
  return rowCount ?? 0;
}
