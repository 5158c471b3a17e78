import { expect, test } from 'vitest';
import type { Snapshot } from '../../sources/source.js';
import { previewRows } from '../../store/preview.js';
import { createDatabase } from '../support/database.js';
import { never, run, sourceAt } from '../support/source-database.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import {
  column,
  definitionOf,
  importRows,
  nonZero,
  settingsOf,
  type ImportOutcome,
} from '../support/store-import.js';

const database = useStore('values');

/** An expression of the source, and the JSON text that the attribute must have, to the last digit. */
type Sample = [expression: string, json: string];

const samples: Sample[] = [
  ['true', 'true'],
  ['(-32768)::int2', '-32768'],
  ['9223372036854775807', '9223372036854775807'],
  ["'4294967295'::oid", '4294967295'],
  ['9007199254740993', '9007199254740993'],
  ['1.500::numeric', '1.500'],
  [
    "'123456789012345678901234567890.12345678901234567890'::numeric",
    '123456789012345678901234567890.12345678901234567890',
  ],
  ["'NaN'::numeric", '"NaN"'],
  ["'-Infinity'::numeric", '"-Infinity"'],
  ['0.1::real', '0.1'],
  ['(0.1::float8 + 0.2::float8)', '0.30000000000000004'],
  ["'Infinity'::float8", '"Infinity"'],
  ["'NaN'::real", '"NaN"'],
  ["date '2024-02-29'", '"2024-02-29"'],
  ["date '0044-03-15 BC'", '"0044-03-15 BC"'],
  ["date '10000-01-01'", '"10000-01-01"'],
  ["date '-infinity'", '"-infinity"'],
  ["timestamp '2024-01-02 03:04:05'", '"2024-01-02T03:04:05"'],
  ["timestamp '2024-01-02 03:04:05.123450'", '"2024-01-02T03:04:05.12345"'],
  ["timestamp '9999-12-31 23:59:59.999999'", '"9999-12-31T23:59:59.999999"'],
  ["timestamp '10000-01-01 00:00:00'", '"10000-01-01 00:00:00"'],
  ["timestamp '0044-03-15 12:00:00 BC'", '"0044-03-15 12:00:00 BC"'],
  ["timestamp 'infinity'", '"infinity"'],
  ["timestamptz '2024-07-01 12:00:00+05:45'", '"2024-07-01T06:15:00+00:00"'],
  ["timestamptz '0044-03-15 12:00:00+00 BC'", '"0044-03-15 12:00:00+00 BC"'],
  ["timestamptz '10000-01-01 00:00:00+00'", '"10000-01-01 00:00:00+00"'],
  ["timestamptz '-infinity'", '"-infinity"'],
  ["time '04:05:06.789'", '"04:05:06.789"'],
  ["timetz '04:05:06+02'", '"04:05:06+02"'],
  ["interval '1 year 2 mons -3 days 04:05:06.7'", '"1 year 2 mons -3 days +04:05:06.7"'],
  ["'\\xdeadbeef'::bytea", '"\\\\xdeadbeef"'],
  ["'ab'::char(4)", '"ab  "'],
  ["''::text", '""'],
  ["E'line\\nfeed, tab\\t, back\\\\slash, return\\r'", '"line\\nfeed, tab\\t, back\\\\slash, return\\r"'],
  ["E'a\\n\\\\.\\nb'", '"a\\n\\\\.\\nb"'],
  ["'\\N'::text", '"\\\\N"'],
  ["'żółć 🚀'", '"żółć 🚀"'],
  ["'6f2d8f3e-0000-4000-8000-00000000002a'::uuid", '"6f2d8f3e-0000-4000-8000-00000000002a"'],
  ["'10.0.0.1/8'::inet", '"10.0.0.1/8"'],
  ["'08:00:2b:01:02:03'::macaddr", '"08:00:2b:01:02:03"'],
  ["'12.34'::money", '"$12.34"'],
  ["b'101'", '"101"'],
  ["point '(1,2)'", '"(1,2)"'],
  ["box '(3,4),(1,2)'", '"(3,4),(1,2)"'],
  ["'a fat cat'::tsvector", "\"'a' 'cat' 'fat'\""],
  ["'$.a[*]'::jsonpath", '"$.\\"a\\"[*]"'],
  ["'<a>1</a>'::xml", '"<a>1</a>"'],
  ['int4range(1, 5)', '"[1,5)"'],
  ["tstzrange('2024-01-01 00:00+00', NULL)", '"[\\"2024-01-01 00:00:00+00\\",)"'],
  ['int4multirange(int4range(1, 2))', '"{[1,2)}"'],
  ["'happy'::mood", '"happy"'],
  ['12.50::price', '12.50'],
  ["'{1,2}'::pair_list", '[1, 2]'],
  ["ROW('a b', 7)::spot", '"(\\"a b\\",7)"'],
  ["ARRAY[ROW('a', 7)::spot, NULL]", '["(a,7)", null]'],
  ["ARRAY['happy', 'sad']::mood[]", '["happy", "sad"]'],
  ['ARRAY[1.10, 2.00]', '[1.10, 2.00]'],
  ["'{9007199254740993}'::bigint[]", '[9007199254740993]'],
  ["'{{1,2},{3,NULL}}'::int[]", '[[1, 2], [3, null]]'],
  ["'[5:6]={1,2}'::int[]", '[1, 2]'],
  ["'{}'::int[]", '[]'],
  ["ARRAY['a,b', '\"q\"', '', 'NULL', NULL]", '["a,b", "\\"q\\"", "", "NULL", null]'],
  ['ARRAY[true, false]', '[true, false]'],
  ["ARRAY['NaN', '1']::float8[]", '["NaN", 1]'],
  ["ARRAY[timestamp '2024-01-02 03:04:05']", '["2024-01-02T03:04:05"]'],
  [
    "ARRAY[ARRAY[timestamp '0044-03-15 12:00:00 BC', timestamp '2024-01-02 03:04:05']]",
    '[["0044-03-15 12:00:00 BC", "2024-01-02T03:04:05"]]',
  ],
  [
    "ARRAY[timestamptz '10000-01-01 00:00:00+00', NULL, timestamptz 'infinity']",
    '["10000-01-01 00:00:00+00", null, "infinity"]',
  ],
  ["ARRAY[date '0044-03-15 BC']", '["0044-03-15 BC"]'],
  ["ARRAY['{\"a\": 1.10}', 'null']::json[]", '[{"a": 1.10}, null]'],
  ['ARRAY[int4range(1, 5)]', '["[1,5)"]'],
  [
    `'{"n": 123456789012345678901234567890.10, "z": null, "s": "\\u00e9"}'::json`,
    '{"n": 123456789012345678901234567890.10, "s": "é", "z": null}',
  ],
  [`'{"a": 1, "a": 2}'::json`, '{"a": 2}'],
  [`'"\\ud83d\\ude80"'::json`, '"🚀"'],
  [`'1e5'::jsonb`, '100000'],
  [`repeat('[', 5000)::text || repeat(']', 5000)`, `"${'['.repeat(5000)}${']'.repeat(5000)}"`],
];

const sourceTypes = `
  CREATE TYPE mood AS ENUM ('happy', 'sad');
  CREATE DOMAIN price AS numeric(10, 2);
  CREATE DOMAIN pair_list AS int[];
  CREATE TYPE spot AS (name text, n int)`;

/** Gives a snapshot of one query to `use`, in a database of its own. */
async function withSnapshot<T>(
  { database: settings = '', prepare }: { database?: string; prepare: string },
  query: string,
  use: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const made = await createDatabase('values_source', settings);
  try {
    await run(made.url, prepare);
    const source = sourceAt(made.url);
    const snapshot = await source.snapshot({ main: query, queryTimeoutMs: 60_000 }, never);
    try {
      return await use(snapshot);
    } finally {
      await snapshot.close();
      await source.close();
    }
  } finally {
    await made.drop();
  }
}

const imported = async (snapshot: Snapshot, workspace: string): Promise<ImportOutcome> =>
  await importRows(database.store, {
    workspace,
    columns: await snapshot.columns('main'),
    rows: [],
    bytes: await snapshot.rows('main'),
    encoding: snapshot.encoding,
  });

async function attributesOf(workspace: string): Promise<Map<string, string>> {
  const { rows } = await database.store.pool.query<{ name: string; json: string }>(
    `SELECT a.key AS name, a.value::text AS json
     FROM inlet.people p, jsonb_each(p.attributes) a WHERE p.workspace = $1`,
    [workspace],
  );
  return new Map(rows.map(({ name, json }) => [name, json]));
}

const asColumns = samples.map(([expression], at) => `${expression} AS "v${at}"`).join(', ');

test('every type of value comes to the workspace to the last digit', async () => {
  const workspace = newWorkspace();
  const query = `SELECT 1 AS id, 'a@x.io' AS email, ${asColumns}`;
  const { counts } = await withSnapshot({ prepare: sourceTypes }, query, (snapshot) =>
    imported(snapshot, workspace),
  );
  expect(nonZero(counts)).toEqual({ rows: 1, added: 1 });
  const came = await attributesOf(workspace);
  expect(samples.map(([expression], at) => [expression, came.get(`v${at}`)])).toEqual(samples);
});

test('the same values again change nobody', async () => {
  const workspace = newWorkspace();
  const query = `SELECT 1 AS id, ${asColumns}`;
  await withSnapshot({ prepare: sourceTypes }, query, (snapshot) => imported(snapshot, workspace));
  const { counts } = await withSnapshot({ prepare: sourceTypes }, query, (snapshot) =>
    imported(snapshot, workspace),
  );
  expect(nonZero(counts)).toEqual({ rows: 1, unchanged: 1 });
});

test('a failure and a preview show the row to the last digit', async () => {
  const query = `SELECT ' ' AS id, 9007199254740993 AS big, 1.500 AS exact, '{"n": 0.10}'::json AS data, ARRAY[1.10] AS list`;
  const row = '{"id":" ","big":9007199254740993,"exact":1.500,"data":{"n": 0.10},"list":[1.10]}';
  const options = { workspace: newWorkspace(), columns: [] };
  const { failures } = await withSnapshot({ prepare: '' }, query, (snapshot) =>
    imported(snapshot, options.workspace),
  );
  const verdicts = await withSnapshot({ prepare: '' }, query, async (snapshot) =>
    previewRows(database.store, {
      settings: settingsOf(options),
      definition: definitionOf(options),
      encoding: snapshot.encoding,
      main: { columns: await snapshot.columns('main'), rows: () => snapshot.rows('main') },
      relationships: null,
    }),
  );
  expect(failures.map((failure) => failure.row)).toEqual([row]);
  expect(verdicts.main.map((verdict) => verdict.row)).toEqual([row]);
});

test.each([
  ['a NUL', String.raw`"\u0000"`],
  ['half a surrogate pair', String.raw`{"a":"\ud800"}`],
  ['a number out of range', '1e400000'],
  ['a key with a NUL', String.raw`{"\u0000":1}`],
])('json with %s fails its row alone, and is shown as it came', async (_, json) => {
  const { counts, failures } = await importRows(database.store, {
    workspace: newWorkspace(),
    columns: ['id', column('data', 'json')],
    rows: [
      ['1', json],
      ['2', '{}'],
    ],
  });
  expect(nonZero(counts)).toEqual({ rows: 2, added: 1, failed: 1 });
  expect(failures).toMatchObject([
    { rowNumber: 1, column: 'data', value: json, reason: 'unstorable', written: 'none' },
  ]);
  expect(JSON.parse(failures[0]?.row ?? '')).toEqual({ id: '1', data: json });
});

test('json that is nested too deep for the store fails its row alone', async () => {
  const { counts } = await importRows(database.store, {
    workspace: newWorkspace(),
    columns: ['id', column('data', 'json')],
    rows: [
      ['1', '['.repeat(100_000) + ']'.repeat(100_000)],
      ['2', '['.repeat(9_900) + ']'.repeat(9_900)],
      ['3', '[]'],
    ],
  });
  expect(nonZero(counts)).toEqual({ rows: 3, added: 2, failed: 1 });
});

test('json that is nested just deep enough for the store is the same again, and fails nobody else', async () => {
  const workspace = newWorkspace();
  // PostgreSQL's limit with its default settings is some 16,300 levels, exactly where depends on what calls what: whoever is
  // the first of a chunk has a few bytes less. So what is within eight levels of the limit, a kilobyte, is left out then.
  const depths = [9_500, ...Array.from({ length: 100 }, (_, index) => 16_000 + 4 * index), 20_000];
  const kinds = {
    array: (depth: number) => '['.repeat(depth) + ']'.repeat(depth),
    object: (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth),
  };
  const cases = depths.flatMap((depth) =>
    Object.entries(kinds).map(([kind, json]) => ({ id: `${kind}-${depth}`, kind, depth, data: json(depth) })),
  );
  const columns = ['id', column('data', 'json'), 'plan'];
  const rowsOf = (some: typeof cases, plan: string) => some.map(({ id, data }) => [id, data, plan]);
  const first = await importRows(database.store, { workspace, columns, rows: rowsOf(cases, 'x') });
  const { added, failed } = first.counts;
  expect(added + failed).toBe(cases.length);
  expect(added).toBeGreaterThan(2);
  expect(failed).toBeGreaterThan(2);
  const { rows: there } = await database.store.pool.query<{ id: string }>(
    'SELECT id FROM inlet.people WHERE workspace = $1',
    [workspace],
  );
  const isThere = ({ id }: { id: string }) => there.some((person) => person.id === id);
  const limitOf = (kind: string) =>
    Math.max(...cases.filter((one) => one.kind === kind && isThere(one)).map(({ depth }) => depth));
  const clear = cases.filter(({ kind, depth }) => Math.abs(depth - limitOf(kind)) > 8);
  const known = clear.filter(isThere).length;
  const others = { rows: clear.length, failed: clear.length - known };
  const again = await importRows(database.store, { workspace, columns, rows: rowsOf(clear, 'x') });
  expect(nonZero(again.counts)).toEqual({ ...others, unchanged: known });
  const other = await importRows(database.store, { workspace, columns, rows: rowsOf(clear, 'y') });
  expect(nonZero(other.counts)).toEqual({ ...others, updated: known });
});

// Before PostgreSQL 17 a parallel worker can't begin one: an import of a large SQL_ASCII table would fail.
test('functions that begin a subtransaction, and those that call them, are not for parallel workers', async () => {
  const { rows } = await database.store.pool.query<{ name: string; parallel: string }>(`
    WITH RECURSIVE beginning AS (
      SELECT oid FROM pg_proc WHERE pronamespace = 'inlet'::regnamespace AND prosrc LIKE '%EXCEPTION WHEN%'
      UNION
      SELECT d.objid FROM pg_depend d JOIN beginning b ON d.refobjid = b.oid
      WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_proc'::regclass
    )
    SELECT proname AS name, proparallel AS parallel FROM pg_proc JOIN beginning USING (oid)`);
  expect(rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['try_jsonb', 'json_cell', 'shown_cell']),
  );
  expect(rows.filter(({ parallel }) => parallel !== 'u')).toEqual([]);
});

const bytesOfUnknownEncoding = {
  database: `TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'`,
  prepare: `
    CREATE FUNCTION bytes(hex text) RETURNS text LANGUAGE sql RETURN convert_from(decode(hex, 'hex'), 'SQL_ASCII');
    CREATE TABLE customers (id text, email text, city text, tags text[], data json);
    INSERT INTO customers VALUES
      ('1', 'a@x.io', bytes('476461c584736b'), ARRAY[bytes('c3a9'), 'b'], ('"' || bytes('e282ac') || '"')::json),
      ('2', NULL, bytes('5a6fe95c'), NULL, NULL),
      (bytes('e9'), NULL, NULL, NULL, NULL),
      ('4', bytes('e9'), NULL, NULL, NULL),
      ('5', NULL, NULL, ARRAY['ok', bytes('e9')], NULL),
      ('6', NULL, NULL, NULL, ('"' || bytes('e9') || '"')::json),
      (repeat(bytes('e9'), 151), NULL, NULL, NULL, NULL)`,
};

test('bytes that are not UTF-8 fail their row alone and are shown escaped; those that are come as text', async () => {
  const workspace = newWorkspace();
  const { counts, failures } = await withSnapshot(
    bytesOfUnknownEncoding,
    'SELECT * FROM customers',
    (snapshot) => imported(snapshot, workspace),
  );
  expect(nonZero(counts)).toEqual({ rows: 7, added: 1, failed: 6 });
  expect(await attributesOf(workspace)).toEqual(
    new Map([
      ['city', '"Gdańsk"'],
      ['tags', '["é", "b"]'],
      ['data', '"€"'],
    ]),
  );
  expect(
    failures.map(({ rowNumber, column: name, value, reason }) => [rowNumber, name, value, reason]),
  ).toEqual([
    [2, 'city', 'Zo\\351\\\\', 'unstorable'],
    [3, 'id', '\\351', 'unstorable'],
    [4, 'email', '\\351', 'unstorable'],
    [5, 'tags', '{ok,\\351}', 'unstorable'],
    [6, 'data', '"\\351"', 'unstorable'],
    [7, 'id', '\\351'.repeat(151), 'too_long'],
  ]);
  expect(failures[0]?.row).toBe('{"id":"2","email":null,"city":"Zo\\\\351\\\\\\\\","tags":null,"data":null}');
});

test('a key of bytes that are not UTF-8 is no email', async () => {
  const { failures } = await withSnapshot(
    bytesOfUnknownEncoding,
    `SELECT bytes('e9') || '@x.io' AS email`,
    async (snapshot) =>
      importRows(database.store, {
        workspace: newWorkspace(),
        identifyBy: 'email',
        columns: await snapshot.columns('main'),
        rows: [],
        bytes: await snapshot.rows('main'),
        encoding: snapshot.encoding,
      }),
  );
  expect(failures).toMatchObject([{ column: 'email', value: '\\351@x.io', reason: 'invalid_email' }]);
});

test('a column may have a name of 150 bytes', async () => {
  const workspace = newWorkspace();
  const long = 'é'.repeat(75);
  const { failures } = await importRows(database.store, {
    workspace,
    columns: ['id', long, `${long.slice(1)}x`, column('data', 'json')],
    rows: [
      ['1', 'a', 'b', '1.0'],
      ['', 'a', null, null],
    ],
  });
  expect(await attributesOf(workspace)).toEqual(
    new Map([
      [long, '"a"'],
      [`${long.slice(1)}x`, '"b"'],
      ['data', '1.0'],
    ]),
  );
  expect(JSON.parse(failures[0]?.row ?? '')).toEqual({
    id: '',
    [long]: 'a',
    [`${long.slice(1)}x`]: null,
    data: null,
  });
});
