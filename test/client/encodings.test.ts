import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';
import { run } from '../support/source-database.js';

// Commands are processes of their own, some of them in every test: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let inlet: Inlet;
let latin1: TestDatabase;
let bytes: TestDatabase;
beforeAll(async () => {
  inlet = await createInlet();
  const encoded = (encoding: string) =>
    createDatabase('source', `TEMPLATE template0 ENCODING '${encoding}' LOCALE_PROVIDER libc LOCALE 'C'`);
  [latin1, bytes] = await Promise.all([encoded('LATIN1'), encoded('SQL_ASCII')]);
  await run(
    latin1.url,
    'CREATE TABLE customers (n int, id text, email text, "prénom" text, data json, tags text[])',
    `INSERT INTO customers VALUES
       (1, '1', 'zoe@x.io', 'Zoë µ ÿ', '{"è": ["ß"]}', '{é,"ö,x"}'),
       (2, 'é', 'zoë@x.io', 'Ærøskøbing', NULL, NULL),
       (3, ' ', NULL, E'Señor\\n\\t\\\\.', NULL, NULL)`,
  );
  await run(
    bytes.url,
    `CREATE FUNCTION bytes(hex text) RETURNS text LANGUAGE sql RETURN convert_from(decode(hex, 'hex'), 'SQL_ASCII')`,
    'CREATE TABLE customers (n int, id text, email text, name text, data json, tags text[])',
    `INSERT INTO customers VALUES
       (1, '1', 'zoe@x.io', bytes('5a6fc3ab'), ('"' || bytes('e282ac') || '"')::json, ARRAY[bytes('c3a9'), 'b']),
       (2, '2', NULL, bytes('5a6feb5c'), NULL, NULL),
       (3, bytes('e9'), NULL, bytes('c3ab'), NULL, NULL),
       (4, '4', bytes('eb') || '@x.io', bytes('5a6fc3ab'), NULL, NULL),
       (5, '5', NULL, NULL, ('"' || bytes('ff') || '"')::json, ARRAY['ok', bytes('fe')])`,
  );
  inlet.env['LATIN1_URL'] = latin1.url;
  inlet.env['BYTES_URL'] = bytes.url;
  // A workspace for each: both have a person 1.
  await inlet.write(fileFor('latin1', `SELECT id, email, "prénom", data, tags`), 'latin1.yaml');
  await inlet.write(fileFor('bytes', 'SELECT id, email, name, data, tags'), 'bytes.yaml');
  await inlet.startWorker('--config', 'latin1.yaml', '--config', 'bytes.yaml');
  for (const file of ['latin1', 'bytes'])
    expect((await inlet.inlet('--config', `${file}.yaml`, 'apply', file)).code).toBe(0);
});
afterAll(async () => {
  await inlet.close();
  await Promise.all([latin1.drop(), bytes.drop()]);
});

const suffix = randomBytes(4).toString('hex');
const fileFor = (name: string, select: string) => `
workspace: { name: ${name}-${suffix} }
databases: { db: { type: postgres, url: "\${${name.toUpperCase()}_URL}" } }
syncs:
  ${name}: { database: db, every: 1h, identifyBy: id, query: ${JSON.stringify(`${select} FROM customers ORDER BY n`)} }
  keyless: { database: db, every: 1h, identifyBy: id, query: ${JSON.stringify(`${select.replace('id,', 'id AS "ID",')} FROM customers ORDER BY n`)} }
`;

const commands = (name: string) => ({
  run: (...words: string[]) => inlet.inlet('--config', `${name}.yaml`, ...words),
  ended: () =>
    vi.waitFor(
      async () => {
        const { rows } = await inlet.store.query<{ status: string }>(
          'SELECT status FROM inlet.imports WHERE workspace = $1',
          [`${name}-${suffix}`],
        );
        expect(rows).toEqual([{ status: 'Some Rows Failed' }]);
      },
      { timeout: 120_000, interval: 100 },
    ),
});

describe('rows of a LATIN1 database', () => {
  const { run: say, ended } = commands('latin1');

  it('come to the workspace as the text that they are', async () => {
    await ended();
    const zoe = await say('show', 'person', '1', '--json');
    expect(dataOf(zoe)).toMatchObject({
      people: [
        { email: 'zoe@x.io', attributes: { prénom: 'Zoë µ ÿ', data: { è: ['ß'] }, tags: ['é', 'ö,x'] } },
      ],
    });
    expect((await say('show', 'person', 'é')).stdout).toContain('.prénom  Ærøskøbing');
  });

  it('are shown so where they fail', async () => {
    const { stdout } = await say('failures', 'latin1');
    expect(stdout).toContain('row 2  key é  email "zoë@x.io"  invalid_email');
    const csv = await say('failures', 'latin1', '--csv', '-');
    expect(csv.stdout).toContain('main,2,é,invalid_email,');
    expect(csv.stdout).toContain('""prénom"":""Ærøskøbing""');
    expect(dataOf(await say('failures', 'latin1', '--json'))).toMatchObject({
      failures: [{ value: 'zoë@x.io' }, { row: { id: ' ', prénom: 'Señor\n\t\\.' } }],
    });
  });

  it('are shown so by preview, also by one that is refused', async () => {
    expect(dataOf(await say('preview', 'latin1', '--json'))).toMatchObject({
      rows: [
        { verdict: 'unchanged', row: { prénom: 'Zoë µ ÿ', data: { è: ['ß'] } } },
        { verdict: 'failed', failure: { value: 'zoë@x.io' } },
        { verdict: 'failed' },
      ],
    });
    const refused = await say('preview', 'keyless', '--json');
    expect(refused.code).toBe(1);
    expect(dataOf(refused)).toMatchObject({
      rows: [
        { cells: ['1', 'zoe@x.io', 'Zoë µ ÿ', '{"è": ["ß"]}', '{é,"ö,x"}'] },
        { cells: ['é', 'zoë@x.io', 'Ærøskøbing', null, null] },
        {},
      ],
    });
  });
});

describe('rows of a SQL_ASCII database', () => {
  const { run: say, ended } = commands('bytes');

  it('come to the workspace if their bytes are UTF-8, and not at all if they are not', async () => {
    await ended();
    const zoe = await say('show', 'person', '1', '--json');
    expect(dataOf(zoe)).toMatchObject({
      people: [{ attributes: { name: 'Zoë', data: '€', tags: ['é', 'b'] } }],
    });
    for (const nobody of ['2', '4', '5']) expect((await say('show', 'person', nobody)).code).toBe(1);
  });

  it('are shown where they fail, the cells with broken bytes escaped', async () => {
    const { stdout } = await say('failures', 'bytes');
    expect(stdout).toContain('row 2  key 2  name "Zo\\353\\\\"  unstorable');
    expect(stdout).toContain('row 3  key \\351  id "\\351"  unstorable');
    expect(stdout).toContain('row 4  key 4  email "\\353@x.io"  unstorable');
    expect(stdout).toContain('row 5  key 5  data ""\\377""  unstorable');
    const csv = await say('failures', 'bytes', '--csv', '-');
    expect(csv.stdout).toContain('main,3,\\351,unstorable,');
    expect(dataOf(await say('failures', 'bytes', '--json'))).toMatchObject({
      failures: [
        { value: 'Zo\\353\\\\' },
        { row: { id: '\\351', name: 'ë' } },
        { row: { name: 'Zoë' } },
        { row: { data: '"\\377"', tags: '{ok,\\376}' } },
      ],
    });
  });

  it('are shown so by preview, also by one that is refused', async () => {
    expect(dataOf(await say('preview', 'bytes', '--json'))).toMatchObject({
      rows: [
        { verdict: 'unchanged', row: { name: 'Zoë', data: '€' } },
        { verdict: 'failed', failure: { value: 'Zo\\353\\\\' } },
        { verdict: 'failed', row: { id: '\\351', name: 'ë' } },
        { verdict: 'failed', row: { email: '\\353@x.io' } },
        { verdict: 'failed' },
      ],
    });
    const refused = await say('preview', 'keyless', '--json');
    expect(dataOf(refused)).toMatchObject({
      rows: [
        { cells: ['1', 'zoe@x.io', 'Zoë', '"€"', '{é,b}'] },
        { cells: ['2', null, 'Zo\\353\\\\', null, null] },
        { cells: ['\\351', null, 'ë', null, null] },
        { cells: ['4', '\\353@x.io', 'Zoë', null, null] },
        { cells: ['5', null, null, '"\\377"', '{ok,\\376}'] },
      ],
    });
  });
});
