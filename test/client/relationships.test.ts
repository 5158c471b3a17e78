import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let inlet: Inlet;
beforeAll(async () => {
  inlet = await createInlet();
  await inlet.source.query(`
    CREATE TABLE companies (company_no text, name text);
    INSERT INTO companies VALUES ('acme', 'Acme Ltd'), ('bolt', 'Bolt & Co.');
    CREATE TABLE customers (id int, email text);
    INSERT INTO customers VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
    CREATE TABLE memberships (customer_id int, company_no text, role text, left_at timestamptz);
    INSERT INTO memberships VALUES (1, 'acme', 'owner'), (2, 'acme', 'member'), (2, 'nowhere', E'=x\\033[31m'), (9, 'bolt', NULL)`);
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  companies:
    database: crm
    every: 6h
    import: objects
    objectType: company
    query: SELECT company_no AS object_id, name FROM companies
  customers:
    database: crm
    every: 6h
    identifyBy: id
    segment: { name: All customers, create: true, mirror: true }
    query: SELECT id, email FROM customers
    relationships:
      objectType: company
      query: SELECT customer_id AS id, company_no AS object_id, role, left_at IS NOT NULL AS deleted FROM memberships
`);
  await inlet.startWorker();
});
afterAll(() => inlet.close());

test('a preview judges the rows of both queries, the second as if the first were in', async () => {
  const { stdout } = await inlet.inlet('preview', 'customers');
  expect(stdout).toContain('2 rows: 2 added. Nothing was written.');
  expect(stdout).toContain(
    '\nrelationships\ncolumns: id integer, object_id text, role text, deleted boolean\n',
  );
  expect(stdout).toContain('4 rows: 4 failed. Nothing was written.');
  const preview = dataOf(await inlet.inlet('preview', 'customers', '--json'));
  expect(preview).toMatchObject({
    relationships: { rows: [{ failure: { reason: 'no_such_object' } }, {}, {}, {}] },
  });
});

test('objects and what relates them to people are imported, each with counts of its own', async () => {
  expect(await inlet.inlet('apply', 'companies')).toMatchObject({ code: 0 });
  await inlet.untilStatus('companies', 1, 'Completed');
  const applied = await inlet.inlet('apply', 'customers');
  expect(applied).toMatchObject({ code: 0 });
  expect(applied.stdout).toContain(
    '  relationships  id integer, object_id text, role text, deleted boolean\n',
  );
  await inlet.untilStatus('customers', 1, 'Some Rows Failed');
  expect(dataOf(await inlet.inlet('import', 'customers', '1', '--json'))).toMatchObject({
    counts: { rows: 2, added: 2, failed: 0 },
    relationships: { rows: 4, related: 2, changed: 0, unchanged: 0, removed: 0, superseded: 0, failed: 2 },
    membersAdded: 2,
    membersRemoved: 0,
    rowsStaged: 6,
    rowsApplied: 6,
    failures: [
      { query: 'relationships', reason: 'no_such_object', count: 1 },
      { query: 'relationships', reason: 'no_such_person', count: 1 },
    ],
  });
  const { stdout } = await inlet.inlet('import', 'customers', '1');
  expect(stdout).toContain('  RELATIONSHIPS  ROWS\n  related           2\n');
  expect(stdout).toContain('  Segment "All customers": 2 joined, 0 left\n');
});

test('failures of relationships are in the same list and CSV', async () => {
  const { stdout } = await inlet.inlet('failures', 'customers');
  expect(stdout).toContain('no_such_object  relationships     1\n');
  expect(stdout).toContain('row 3 of relationships  key 2  object_id "nowhere"  no_such_object\n');
  const csv = await inlet.inlet('failures', 'customers', '--csv', '-');
  expect(csv.stdout.split('\n').map((line) => line.split(',').slice(0, 4).join())).toEqual([
    'query,row_number,key,reason',
    'relationships,3,2,no_such_object',
    'relationships,4,9,no_such_person',
  ]);
});

test('a person is shown with segments and relationships, an object with its people', async () => {
  const person = await inlet.inlet('show', 'person', 'ADA@example.com');
  expect(person.stdout).toMatch(
    /^segment +All customers, since .* by import 1 of customers\nrelated to 1:\n {2}company acme {2}role: owner$/m,
  );
  expect(dataOf(await inlet.inlet('show', 'person', '1', '--json'))).toMatchObject({
    people: [
      {
        relationshipCount: 1,
        relationships: [{ objectType: 'company', objectId: 'acme', attributes: { role: 'owner' } }],
        segments: [{ segment: 'All customers', sync: 'customers', number: 1 }],
      },
    ],
  });
  const object = await inlet.inlet('show', 'object', 'company', 'acme');
  expect(object.stdout).toContain('.name      Acme Ltd\nrelated to 2:\n  1 (ada@example.com)  role: owner');
  expect(dataOf(await inlet.inlet('show', 'object', 'company', 'bolt', '--json'))).toMatchObject({
    object: {
      objectType: 'company',
      objectId: 'bolt',
      attributes: { name: 'Bolt & Co.' },
      relationshipCount: 0,
    },
  });
  const unknown = await inlet.inlet('show', 'object', 'Company', 'acme');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('has no objects of the type "Company". Its types are: "company".');
});

test('what is mended is related, who leaves is related no more and leaves the mirror', async () => {
  await inlet.source.query(`
    DELETE FROM memberships WHERE company_no = 'nowhere' OR customer_id = 9;
    UPDATE memberships SET left_at = now() WHERE customer_id = 2;
    DELETE FROM customers WHERE id = 2`);
  expect(await inlet.inlet('trigger', 'customers', '--wait')).toMatchObject({ code: 0 });
  const { stdout } = await inlet.inlet('imports', 'customers');
  expect(stdout).toContain('2 rows: 1 unchanged, 1 removed');
  const segments = await inlet.inlet('segments');
  expect(segments.stdout).toMatch(/^All customers +1 {2}1 \(ada@example.com\) +\S+ {2}#1 of customers$/m);
  expect(dataOf(await inlet.inlet('segments', '--json'))).toMatchObject({
    segments: [{ segment: 'All customers', members: 1, newest: [{ id: '1', email: 'ada@example.com' }] }],
  });
});

test('a relationship query that breaks while it runs fails the import before anything is written', async () => {
  await inlet.source.query(
    `INSERT INTO customers VALUES (3, NULL); INSERT INTO memberships VALUES (3, 'acme', '0')`,
  );
  await inlet.write(
    `
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers:
    database: crm
    every: 6h
    identifyBy: id
    query: SELECT id, email FROM customers
    relationships:
      objectType: company
      query: SELECT customer_id AS id, company_no AS object_id, 1 / (customer_id - 3) AS x FROM memberships
`,
    'broken.yaml',
  );
  const applied = await inlet.inlet('--config', 'broken.yaml', 'apply');
  expect(applied.code).toBe(0);
  expect(applied.stderr).toContain('The segment and the relationship query changed');
  const triggered = await inlet.inlet('trigger', 'customers', '--wait');
  expect(triggered.code).toBe(1);
  expect(triggered.stdout).toContain('Relationship query: ');
  expect(await inlet.inlet('show', 'person', '3')).toMatchObject({ code: 1 });
});

test('a segment that is not there is refused, with those that are', async () => {
  await inlet.write(
    `
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  others: { database: crm, every: 6h, identifyBy: id, query: SELECT 1 AS id, segment: { name: Others } }
`,
    'missing.yaml',
  );
  const reviewed = await inlet.inlet('--config', 'missing.yaml', 'review', 'others');
  expect(reviewed.stderr).toContain('The workspace has no segment "Others". It has: "All customers".');
  const refused = await inlet.inlet('--config', 'missing.yaml', 'apply');
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain(
    'others: refused: The workspace has no segment "Others". It has: "All customers". Correct segment.name, or set segment.create to true.',
  );
});

test('a segment that one sync of the file makes is there for those that do not', async () => {
  const sync = (segment: string) =>
    `{ database: crm, every: 6h, identifyBy: id, query: SELECT 1 AS id, segment: ${segment} }`;
  await inlet.write(
    `
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  first: ${sync('{ name: Ours }')}
  second: ${sync('{ name: Ours, create: true }')}
`,
    'both.yaml',
  );
  expect(await inlet.inlet('--config', 'both.yaml', 'apply')).toMatchObject({ code: 0 });
});
