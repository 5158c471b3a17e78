import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadWorkspaceFile, resolveDatabase } from '../../config/workspace-file.js';
import {
  environmentOf,
  fileWithDatabase,
  fileWithSync,
  load,
  problemsIn,
  problemsOf,
  writeInletYaml,
} from './written-file.js';

const everything = `
store: { url: "\${STORE}" }
workspace:
  name: acme
  identifiers: [email]
  allowEmailUpdatesUsingId: true
  keepImports: 30d
  keepFailures: 5
databases:
  crm:
    type: postgres
    url: "\${CRM_DATABASE_URL}"
    ssl: verify-ca
    sslRootCert: certs/ca.pem
    queryTimeout: 90s
syncs:
  customers:
    name: CRM customers
    description: Everybody
    database: crm
    every: 1h30m
    anchor: end
    whenBusy: skip
    startAt: 2026-01-31T06:30:00+01:00
    overlap: 0s
    maxRows: 7
    import: people
    identifyBy: email
    mode: update
    query: SELECT email FROM customers
`;

describe('a file that sets everything', () => {
  test('gives the settings, in milliseconds', async () => {
    expect((await load(everything)).settings).toEqual({
      name: 'acme',
      identifiers: ['email'],
      allowEmailUpdatesUsingId: true,
      keepImportsMs: 30 * 24 * 60 * 60 * 1000,
      keepFailures: 5,
    });
  });

  test('gives the whole definition', async () => {
    expect((await load(everything)).syncs.get('customers')).toEqual({
      workspace: 'acme',
      sync: 'customers',
      name: 'CRM customers',
      description: 'Everybody',
      database: 'crm',
      every: '1h30m',
      everyMs: 90 * 60 * 1000,
      anchor: 'end',
      whenBusy: 'skip',
      startAt: '2026-01-31T06:30:00+01:00',
      overlapSeconds: 0,
      maxRows: 7,
      import: 'people',
      identifyBy: 'email',
      mode: 'update',
      query: 'SELECT email FROM customers',
    });
  });

  test('gives the connection, with the certificate beside the file', async () => {
    const path = writeInletYaml(everything, { 'certs/ca.pem': 'certificate' });
    const file = await loadWorkspaceFile(path, environmentOf({ CRM_DATABASE_URL: 'postgres://crm/db' }));
    expect(resolveDatabase(file, 'crm')).toEqual({
      type: 'postgres',
      name: 'crm',
      url: 'postgres://crm/db',
      ssl: 'verify-ca',
      sslRootCert: join(path, '..', 'certs/ca.pem'),
      queryTimeoutMs: 90_000,
    });
  });

  test('gives the store that it names', async () => {
    const file = await load(everything, {}, { STORE: 'postgres://store/inlet' });
    expect(file.storeUrl()).toBe('postgres://store/inlet');
  });
});

describe('what is left out', () => {
  test('in the workspace has defaults', async () => {
    expect((await load('workspace: { name: acme }')).settings).toEqual({
      name: 'acme',
      identifiers: ['id', 'email'],
      allowEmailUpdatesUsingId: false,
      keepImportsMs: 90 * 24 * 60 * 60 * 1000,
      keepFailures: 100_000,
    });
  });

  test('in a sync has defaults', async () => {
    const { syncs } = await load(fileWithSync({}));
    expect(syncs.get('customers')).toEqual({
      workspace: 'acme',
      sync: 'customers',
      name: 'customers',
      description: '',
      database: 'crm',
      every: '1h',
      everyMs: 3_600_000,
      anchor: 'start',
      whenBusy: 'unset',
      overlapSeconds: 1,
      maxRows: 40_000_000,
      import: 'people',
      identifyBy: 'id',
      mode: 'add-and-update',
      query: 'SELECT 1 AS id',
    });
  });

  test('in a database has defaults', async () => {
    const file = await load(fileWithDatabase({ url: 'postgres://crm/db' }));
    expect(resolveDatabase(file, 'crm')).toEqual({
      type: 'postgres',
      name: 'crm',
      url: 'postgres://crm/db',
      ssl: undefined,
      queryTimeoutMs: 3_600_000,
    });
  });

  test('as the store is INLET_STORE_URL', async () => {
    const file = await load('workspace: { name: acme }', {}, { INLET_STORE_URL: 'postgres://here/inlet' });
    expect(file.storeUrl()).toBe('postgres://here/inlet');
  });

  test('as identifyBy is the only identifier', async () => {
    const text = fileWithSync({ identifyBy: '(none)' });
    const file = await load(text.replace('{ name: acme }', '{ name: acme, identifiers: [email] }'));
    expect(file.syncs.get('customers')).toMatchObject({ identifyBy: 'email' });
  });

  test('because it is commented out, as sections, is no error', async () => {
    const file = await load(
      'workspace: { name: acme }\nstore:\n  # url: x\ndatabases:\nsyncs:\n  # customers:\n',
    );
    expect([file.databases.size, file.syncs.size]).toEqual([0, 0]);
  });
});

test('syncs and databases keep the order of the file, even if their names are numbers', async () => {
  const text = fileWithSync({})
    .replace(
      '  crm:',
      '  zoo: { type: postgres, url: "${ZOO}" }\n  2: { type: postgres, url: "${TWO}" }\n  crm:',
    )
    .concat('  10: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }\n')
    .concat('  9: { database: "2", every: 1h, identifyBy: id, query: SELECT 1 AS id }\n');
  const file = await load(text);
  expect([...file.databases.keys()]).toEqual(['zoo', '2', 'crm']);
  expect([...file.syncs.keys()]).toEqual(['customers', '10', '9']);
});

describe('a query file', () => {
  const text = fileWithSync({ query: '(none)', queryFile: 'sql/customers.sql' });

  test('is read from beside the file, without its byte order mark', async () => {
    const file = await load(text, { 'sql/customers.sql': '\uFEFFSELECT id\nFROM customers;\n' });
    expect(file.syncs.get('customers')?.query).toBe('SELECT id\nFROM customers;\n');
  });

  test('that is not there is refused', async () => {
    const [problem] = await problemsOf(text);
    expect(problem).toMatch(/^9:16 syncs\.customers\.queryFile: .*sql\/customers\.sql does not exist\.$/);
  });

  test('that is a directory is refused', async () => {
    const [problem] = await problemsOf(text.replace('sql/customers.sql', 'sql'), { 'sql/a.sql': '' });
    expect(problem).toMatch(/queryFile: .* is a directory, not a file\.$/);
  });

  test('with a wrong placeholder is refused with its own line', async () => {
    const path = writeInletYaml(text, {
      'sql/customers.sql': 'SELECT id\n  FROM c WHERE t > {{last_synctime}}',
    });
    const error: unknown = await loadWorkspaceFile(path, environmentOf()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      problems: [{ file: join(path, '..', 'sql/customers.sql'), line: 2, column: 20 }],
    });
  });

  test('that is empty is refused', async () => {
    expect(await problemsOf(text, { 'sql/customers.sql': ' \n' })).toEqual([
      'The query of syncs.customers is empty.',
    ]);
  });
});

test('a query keeps text that looks like an environment variable', async () => {
  const { syncs } = await load(fileWithSync({ query: "SELECT '${HOME}' AS id, '$1' AS b" }));
  expect(syncs.get('customers')?.query).toBe("SELECT '${HOME}' AS id, '$1' AS b");
});

test('loading needs no environment variable', async () => {
  await expect(load(fileWithSync({}))).resolves.toBeDefined();
});

test('a file that is not there is a problem of that file', async () => {
  const error: unknown = await loadWorkspaceFile('/nowhere/inlet.yaml', environmentOf()).catch(
    (reason: unknown) => reason,
  );
  expect(error).toHaveProperty('message', '/nowhere/inlet.yaml: The file does not exist.');
});

test('a database that the file does not have is refused with near names', async () => {
  const file = await load(fileWithSync({}));
  expect(() => resolveDatabase(file, 'cmr')).toThrow('inlet.yaml: There is no database "cmr" in this file.');
  expect(() => resolveDatabase(file, 'crm2')).toThrow('did you mean "crm"?');
});

test('problems are told all at once, in the order of the file, with its name', async () => {
  const path = writeInletYaml(
    'syncs:\n  a: { every: 5, query: SELECT 1 AS id, identifyBy: id, database: x }\nworkspace: { nam: acme }\nmore: 1\n',
  );
  const error: unknown = await loadWorkspaceFile(path, environmentOf()).catch((reason: unknown) => reason);
  expect(problemsIn(error).map((problem) => problem.split(' ')[0])).toEqual(['2:15', '2:67', '3:14', '4:1']);
  expect(error).toHaveProperty('message', expect.stringContaining(`${path}:2:15: syncs.a.every has no unit`));
});
