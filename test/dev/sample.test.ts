import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { readEnvironment } from '../../config/environment.js';
import { loadWorkspaceFile } from '../../config/workspace-file.js';
import { connected } from '../../dev/databases.js';
import { differences, expected, liveALittle, mendLeads, redshiftFile, sampleFile } from '../../dev/sample.js';
import { root } from '../../dev/state.js';
import type { FailureCount } from '../../store/records.js';
import { importRecord } from '../client/records.js';
import { createDatabase, ensureRole } from '../support/database.js';

const failuresOfLeads = (): FailureCount[] => [
  { query: 'main', reason: 'blank_key', count: 12 },
  { query: 'main', reason: 'invalid_email', count: 12 },
  { query: 'main', reason: 'belongs_to_another', count: 6 },
  { query: 'main', reason: 'already_set', count: 6 },
  { query: 'main', reason: 'too_long', count: 4 },
];

it('the sample files are right, and have the syncs that are expected to give something', async () => {
  const [crm, warehouse] = await Promise.all(
    [sampleFile, redshiftFile].map((file) => loadWorkspaceFile(file, readEnvironment())),
  );
  expect([...(crm?.syncs.keys() ?? []), ...(warehouse?.syncs.keys() ?? [])]).toEqual(Object.keys(expected));
});

it('imports that give what the sample must give differ in nothing', () => {
  const { counts = null, relationships = null } = expected['customers'] ?? {};
  const customers = importRecord({ sync: 'customers', counts, relationships });
  const leads = importRecord({ sync: 'leads', counts: expected['leads']?.counts ?? null });
  expect(differences(customers, [])).toEqual([]);
  expect(differences({ ...customers, relationships: null }, [])).toEqual([
    'customers: relationships rows is 0 and should be 8000',
    'customers: relationships related is 0 and should be 7500',
    'customers: relationships unchanged is 0 and should be 500',
  ]);
  expect(differences(leads, failuresOfLeads())).toEqual([]);
});

it('every other count, outcome and reason is a difference', () => {
  const counts = expected['leads']?.counts ?? null;
  if (counts === null) throw new Error('Nothing is expected of leads.');
  const leads = importRecord({ sync: 'leads', counts: { ...counts, added: 534, unchanged: 1 } });
  const [first, ...others] = failuresOfLeads();
  expect(first?.reason).toBe('blank_key');
  expect(differences(leads, [...others, { query: 'main', reason: 'unstorable', count: 12 }])).toEqual([
    'leads: added is 534 and should be 535',
    'leads: unchanged is 1 and should be 0',
    'leads: unstorable is 12 and should be 0',
    'leads: blank_key is 0 and should be 12',
  ]);
  expect(differences(importRecord({ sync: 'leads', status: 'Failed', counts: null, number: 1 }), [])).toEqual(
    ['import 1 of leads is Failed'],
  );
});

let url: string;

beforeEach(async () => {
  const database = await createDatabase('sample');
  onTestFinished(() => database.drop());
  ({ url } = database);
  await ensureRole('crm_reader');
  await connected(url, async (client) => {
    await client.query(await readFile(join(root, 'examples', 'crm.sql'), 'utf8'));
  });
});

it('what is wrong with the leads is gone once they are mended', async () => {
  const wrong = `
    SELECT count(*) FILTER (WHERE person_id IS NULL OR trim(person_id) = '') AS blank_key,
           count(*) FILTER (WHERE octet_length(person_id) > 150 OR length(leads.email) > 254) AS too_long,
           count(*) FILTER (WHERE leads.email !~ '^[a-z0-9.]+@[a-z.]+$') AS invalid_email,
           count(*) FILTER (WHERE customers.id::text <> person_id) AS belongs_to_another
    FROM leads LEFT JOIN customers USING (email)`;
  await connected(url, async (client) => {
    expect((await client.query(wrong)).rows).toEqual([
      { blank_key: '12', too_long: '4', invalid_email: '12', belongs_to_another: '6' },
    ]);
    await mendLeads(client);
    expect((await client.query(wrong)).rows).toEqual([
      { blank_key: '0', too_long: '0', invalid_email: '0', belongs_to_another: '0' },
    ]);
  });
});

it('life goes on: some customers change, some are only touched, and one is new', async () => {
  await connected(url, async (client) => {
    const { rows: before } = await client.query<{ now: Date }>('SELECT now()');
    await liveALittle(client);
    const { rows } = await client.query<{ newest: number; touched: number }>(
      'SELECT max(id) AS newest, count(*)::int AS touched FROM customers WHERE updated_at >= $1',
      [before[0]?.now],
    );
    expect(rows[0]?.newest).toBe(10_001);
    expect(rows[0]?.touched).toBeGreaterThan(1);
  });
});
