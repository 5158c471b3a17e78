import { expect, describe, test } from 'vitest';
import { resolveDatabase } from '../../config/workspace-file.js';
import { load, problemsOf, problemsIn } from './written-file.js';

/** A whole file around the keys of one Redshift database, which begin in line 4. */
const fileWith = (keys: Record<string, string>) =>
  [
    'workspace: { name: acme }',
    'databases:',
    '  warehouse:',
    ...Object.entries({ type: 'redshift', ...keys }).map(([key, value]) => `    ${key}: ${value}`),
    '',
  ].join('\n');

const serverless = { workgroup: 'analytics', database: 'prod' };

describe('a redshift database', () => {
  test('is a workgroup or a cluster, with references filled in', async () => {
    const file = await load(
      fileWith({ ...serverless, region: '"${REGION}"', secretArn: '"arn:${SECRET}"' }),
      {},
      { REGION: 'us-east-1', SECRET: 'x' },
    );
    expect(resolveDatabase(file, 'warehouse')).toEqual({
      type: 'redshift',
      name: 'warehouse',
      region: 'us-east-1',
      target: { workgroup: 'analytics' },
      database: 'prod',
      secretArn: 'arn:x',
      endpoint: undefined,
      readOnly: true,
      queryTimeoutMs: 3_600_000,
    });
    const cluster = await load(
      fileWith({ cluster: 'c', dbUser: 'reader', database: 'prod', readOnly: 'off' }),
    );
    expect(resolveDatabase(cluster, 'warehouse')).toMatchObject({
      target: { cluster: 'c', dbUser: 'reader' },
      region: undefined,
      readOnly: false,
    });
  });

  test('has syncs that count from the end, unless said', async () => {
    const sync = 'syncs:\n  all: { database: warehouse, every: 1h, identifyBy: id, query: SELECT 1 AS id }\n';
    const file = await load(fileWith(serverless) + sync);
    expect(file.syncs.get('all')).toMatchObject({ anchor: 'end', whenBusy: 'unset' });
  });

  test.each([
    [
      'without a cluster or workgroup',
      { database: 'prod' },
      '3:3 databases.warehouse needs cluster (provisioned) or workgroup (serverless).',
    ],
    [
      'with both',
      { ...serverless, cluster: 'c' },
      '5:5 databases.warehouse has both cluster and workgroup. Keep one of them.',
    ],
    [
      'without a database',
      { workgroup: 'analytics' },
      '3:3 databases.warehouse.database is missing; for example database: prod.',
    ],
    [
      'with a url',
      { ...serverless, url: '"${URL}"' },
      '7:5 databases.warehouse.url is for databases of type postgres or redshift-direct; this one is of type redshift. Remove it.',
    ],
    [
      'with dbUser in a workgroup',
      { ...serverless, dbUser: 'x' },
      '7:5 databases.warehouse.dbUser goes with cluster: in a workgroup the user follows from the IAM identity. Remove it.',
    ],
    [
      'with dbUser and a secret',
      { cluster: 'c', database: 'prod', dbUser: 'x', secretArn: 'arn:x' },
      '7:5 databases.warehouse has both dbUser and secretArn, which names a user of its own. Keep one of them.',
    ],
    [
      'with another word for readOnly',
      { ...serverless, readOnly: 'maybe' },
      '7:15 databases.warehouse.readOnly must be true or false.',
    ],
  ])('%s is refused', async (_, keys, problem) => {
    expect(await problemsOf(fileWith(keys))).toEqual([problem]);
  });

  test('whose variable is not set names it, with its place', async () => {
    const file = await load(fileWith({ ...serverless, region: '"${REGION}"' }));
    const problems = (() => {
      try {
        resolveDatabase(file, 'warehouse');
        return [];
      } catch (error) {
        return problemsIn(error);
      }
    })();
    expect(problems).toEqual([
      '7:13 The environment variable REGION is not set or is empty, and databases.warehouse.region refers to it. Set it in the environment or in .inlet/env.',
    ]);
  });
});

test('a redshift-direct database is a url, and counts from the end', async () => {
  const text = [
    'workspace: { name: acme }',
    'databases: { warehouse: { type: redshift-direct, url: "${URL}", readOnly: false } }',
    'syncs: { all: { database: warehouse, every: 1h, identifyBy: id, query: SELECT 1 AS id } }',
  ].join('\n');
  const file = await load(text, {}, { URL: 'postgres://u:p@cluster.example.com:5439/prod' });
  expect(file.syncs.get('all')).toMatchObject({ anchor: 'end' });
  expect(resolveDatabase(file, 'warehouse')).toMatchObject({ type: 'redshift-direct', readOnly: false });
  expect(await problemsOf(text.replace('url: "${URL}"', 'cluster: c'))).toEqual([
    '2:14 databases.warehouse.url is missing; for example url: "${CRM_DATABASE_URL}".',
    '2:50 databases.warehouse.cluster is for databases of type redshift; this one is of type redshift-direct. Remove it.',
  ]);
});

test("a postgres database without a url is refused, and so is one with a cluster's keys", async () => {
  const postgres = (keys: string) =>
    `workspace: { name: acme }\ndatabases:\n  crm: { type: postgres${keys} }\n`;
  expect(await problemsOf(postgres(''))).toEqual([
    '3:3 databases.crm.url is missing; for example url: "${CRM_DATABASE_URL}".',
  ]);
  expect(await problemsOf(postgres(', url: "${X}", cluster: c'))).toEqual([
    '3:39 databases.crm.cluster is for databases of type redshift; this one is of type postgres. Remove it.',
  ]);
});
