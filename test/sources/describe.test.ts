import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../sources/source.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { asUser, failureOf, never, rowsOf, run, sourceAt } from '../support/source-database.js';

let database: TestDatabase;
let source: Source;

const refused = (query: string) => failureOf(source.describe(query, never));

beforeAll(async () => {
  database = await createDatabase('describe');
  await run(
    database.url,
    'CREATE TABLE customers (id integer PRIMARY KEY, email text)',
    `INSERT INTO customers VALUES (1, 'ann@example.com')`,
    'CREATE SEQUENCE counter',
    'CREATE FUNCTION count_up() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN nextval($1::text::regclass); END $$'.replace(
      '$1::text::regclass',
      `'counter'`,
    ),
  );
  source = sourceAt(database.url);
});

afterAll(async () => {
  await source.close();
  await database.drop();
});

describe('a query is described', () => {
  it.each([
    'SELECT id, email FROM customers',
    'SELECT id, email FROM customers;',
    'SELECT id, email FROM customers; -- all of them;',
    'SELECT id, email FROM customers -- all of them',
    'SELECT id, email /* not; this */ FROM customers /* nor this */ ; ',
    'WITH c AS (SELECT * FROM customers) SELECT id, email FROM c ORDER BY 1 LIMIT 5',
    'TABLE customers',
    `(SELECT id, email FROM customers) UNION ALL SELECT 1, ';'`,
    `SELECT id, email FROM customers WHERE id > {{last_sync_time}}`,
  ])('%s', async (query) => {
    const columns = await source.describe(query, never);
    expect(columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'bigint'],
      ['email', 'text'],
    ]);
  });

  it('with the same text being what is run', async () => {
    expect(await rowsOf(source, 'SELECT id, email FROM customers; -- all of them;')).toBe(
      '1\tann@example.com\n',
    );
  });

  it('with repeated and odd column names as they are', async () => {
    const columns = await source.describe('SELECT 1 AS a, 2 AS a, 3 AS "A b", 4', never);
    expect(columns.map(({ name }) => name)).toEqual(['a', 'a', 'A b', '?column?']);
  });

  it('with no column at all', async () => {
    expect(await source.describe('SELECT FROM customers', never)).toEqual([]);
  });

  it('without running any of it', async () => {
    await source.describe('SELECT count_up() AS id', never);
    const [counter] = await run(database.url, 'SELECT is_called FROM counter');
    expect(counter).toEqual({ is_called: false });
  });
});

describe('a query is refused, with the place in it as it was written,', () => {
  it.each([
    ['a syntax error', 'SELECT id\nFROM customers\n  WHERE id >', '42601', { line: 3, column: 13 }],
    ['a missing table', 'SELECT id FROM clients', '42P01', { line: 1, column: 16 }],
    ['a missing column', "SELECT '😀äö', mail FROM customers", '42703', { line: 1, column: 15 }],
    [
      'what comes after a placeholder',
      'SELECT id FROM customers WHERE id > {{ last_sync_time }} AND nix = 1',
      '42703',
      { line: 1, column: 62 },
    ],
    [
      'what comes after a placeholder in an earlier line',
      'SELECT {{last_sync_time}} AS id,\r\n  {{last_sync_time}}, nix FROM customers',
      '42703',
      { line: 2, column: 23 },
    ],
    ['two statements', 'SELECT 1 AS id;\n SELECT 2', '42601', { line: 2, column: 2 }],
    ['an INSERT', "INSERT INTO customers VALUES (2, 'b')", '42601', { line: 1, column: 8 }],
    [
      'an INSERT that returns',
      "INSERT INTO customers VALUES (2, 'b') RETURNING id",
      '42601',
      { line: 1, column: 8 },
    ],
    [
      'a CTE that writes',
      'WITH gone AS (DELETE FROM customers RETURNING id) SELECT id FROM gone',
      '0A000',
      { line: 1, column: 6 },
    ],
    [
      'a text that closes our parenthesis',
      'SELECT 1) q; DELETE FROM customers; SELECT * FROM (SELECT 1',
      '42601',
      { line: 1, column: 9 },
    ],
    ['a comment that never ends', 'SELECT 1 /* ', '42601', { line: 1, column: 10 }],
    ['a SHOW', 'SHOW search_path', '42601', { line: 1, column: 17 }],
    ['a SELECT INTO', 'SELECT 1 AS id INTO copied', '42601', { line: 1, column: 21 }],
    ['a COMMIT', 'COMMIT', '42601', { line: 1, column: 7 }],
  ])('for %s', async (_what, query, sqlstate, position) => {
    const error = await refused(query);
    expect(error).toMatchObject({ phase: 'describe', retryable: false, sqlstate, position });
    expect(error.message).toContain(`at line ${position.line}, column ${position.column}`);
    expect(error.message).toContain(error.databaseMessage);
    expect(await rowsOf(source, 'SELECT count(*) FROM customers')).toBe('1\n');
  });

  it('for a parameter, naming what there is instead', async () => {
    const error = await refused('SELECT id FROM customers\nWHERE id > $1');
    expect(error.position).toEqual({ line: 2, column: 12 });
    expect(error.message).toContain('{{last_sync_time}}');
  });

  it('for a lock, which a read-only transaction may not take', async () => {
    const error = await refused('SELECT id FROM customers FOR UPDATE');
    expect(error).toMatchObject({ sqlstate: '25006', retryable: false });
  });

  it('with the hint that the database gives', async () => {
    const error = await refused('SELECT emial FROM customers');
    expect(error.message).toContain('Perhaps you meant to reference the column "customers.email"');
  });

  it.each(['', ' \n', ';', '-- later'])('for %j, which is empty', async (query) => {
    expect((await refused(query)).message).toContain('empty');
  });

  it('for a NUL, which would end it early', async () => {
    expect((await refused('SELECT 1\0; DROP TABLE customers')).message).toContain('NUL');
  });

  it('for a table that the user may not read', async () => {
    await run(database.url, `CREATE ROLE describe_nobody LOGIN PASSWORD 'x'`);
    const nobody = sourceAt(asUser(database.url, 'describe_nobody', 'x'));
    const error = await failureOf(nobody.describe('SELECT id FROM customers', never));
    await run(database.url, 'DROP ROLE describe_nobody');
    expect(error).toMatchObject({ sqlstate: '42501', retryable: false });
    expect(error.message).toContain('permission denied for table customers');
    expect(error.message).toContain('GRANT SELECT');
  });

  it('without the words of an error that came of computing, which could quote a cell', async () => {
    const error = await refused(`SELECT 1 / length('')`);
    expect(error).toMatchObject({ sqlstate: '22012', databaseMessage: 'division by zero.' });
    expect(error.message).not.toContain('division by zero');
  });
});
