import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { from as copyFrom } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Source } from '../../sources/source.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { connected, never, rowsOf, run, sourceAt } from '../support/source-database.js';

/** Settings that a database or a user may have, each of which changes how some value is written or a literal read. */
const hostileSettings = {
  DateStyle: 'German, DMY',
  IntervalStyle: 'iso_8601',
  TimeZone: 'Asia/Kathmandu',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  xmlbinary: 'hex',
  quote_all_identifiers: 'on',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
};

/** An expression, the type it is staged as, and its text as COPY prints it. */
type Sample = [expression: string, type: string, text: string];

const samples: Sample[] = [
  ['true', 'boolean', 't'],
  ['(-32768)::int2', 'bigint', '-32768'],
  ['2147483647', 'bigint', '2147483647'],
  ['9223372036854775807', 'bigint', '9223372036854775807'],
  ["'4294967295'::oid", 'bigint', '4294967295'],
  ['1.500::numeric', 'numeric', '1.500'],
  [
    "'123456789012345678901234567890.12345678901234567890'::numeric",
    'numeric',
    '123456789012345678901234567890.12345678901234567890',
  ],
  ["'NaN'::numeric", 'numeric', 'NaN'],
  ["'-Infinity'::numeric", 'numeric', '-Infinity'],
  ['0.1::real', 'real', '0.1'],
  ["'1e-45'::real", 'real', '1e-45'],
  ["'3.4028235e38'::real", 'real', '3.4028235e+38'],
  ['0.1::float8', 'double precision', '0.1'],
  ['(0.1::float8 + 0.2::float8)', 'double precision', '0.30000000000000004'],
  ["'5e-324'::float8", 'double precision', '5e-324'],
  ["'-0'::float8", 'double precision', '-0'],
  ["'NaN'::float8", 'double precision', 'NaN'],
  ["'Infinity'::float8", 'double precision', 'Infinity'],
  ["date '2024-02-29'", 'date', '2024-02-29'],
  ["'02/03/04'::date", 'date', '2002-03-04'],
  ["date '0044-03-15 BC'", 'date', '0044-03-15 BC'],
  ["date '0099-12-31'", 'date', '0099-12-31'],
  ["date '5874897-12-31'", 'date', '5874897-12-31'],
  ["date '-infinity'", 'date', '-infinity'],
  ["timestamp '2024-01-02 03:04:05.123456'", 'timestamp', '2024-01-02 03:04:05.123456'],
  ["timestamp '294276-12-31 23:59:59.999999'", 'timestamp', '294276-12-31 23:59:59.999999'],
  ["timestamp '4713-01-01 00:00:00 BC'", 'timestamp', '4713-01-01 00:00:00 BC'],
  ["timestamptz '2024-07-01 12:00:00+05:45'", 'timestamptz', '2024-07-01 06:15:00+00'],
  ["timestamptz '2024-07-01 12:00:00'", 'timestamptz', '2024-07-01 12:00:00+00'],
  ["timestamptz '0044-03-15 12:00:00+00 BC'", 'timestamptz', '0044-03-15 12:00:00+00 BC'],
  ["timestamptz 'infinity'", 'timestamptz', 'infinity'],
  [
    `'{"b": 1e5, "a": 12345678901234567890, "a": [1,  2]}'::json`,
    'json',
    '{"b": 1e5, "a": 12345678901234567890, "a": [1,  2]}',
  ],
  [`'{"b": 1e5, "a": 0.10}'::jsonb`, 'json', '{"a": 0.10, "b": 100000}'],
  [`'"null"'::jsonb`, 'json', '"null"'],
  [String.raw`E'a\tb\nc\r\\.\\\b\f\x0b'`, 'text', String.raw`a\tb\nc\r\\.\\\b\f\v`],
  [String.raw`'\.'`, 'text', String.raw`\\.`],
  ["''", 'text', ''],
  ['NULL::text', 'text', String.raw`\N`],
  ["'äöü😀'", 'text', 'äöü😀'],
  ["'ab'::char(4)", 'text', 'ab  '],
  ["'ab'::varchar(4)", 'text', 'ab'],
  ["'ab'::name", 'text', 'ab'],
  [`'x'::"char"`, 'text', 'x'],
  [String.raw`'\xdeadbeef'::bytea`, 'text', String.raw`\\xdeadbeef`],
  ["'1234.5'::money", 'text', '$1,234.50'],
  ["B'101'", 'text', '101'],
  ["'1 year 2 mons 3 days 04:05:06.7'::interval", 'text', '1 year 2 mons 3 days 04:05:06.7'],
  ["'24:00'::time", 'text', '24:00:00'],
  ["'12:30+05:45'::timetz", 'text', '12:30:00+05:45'],
  ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", 'text', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ["'10.0.0.1/24'::inet", 'text', '10.0.0.1/24'],
  ["'10.0.0.0/8'::cidr", 'text', '10.0.0.0/8'],
  ["'08:00:2b:01:02:03'::macaddr", 'text', '08:00:2b:01:02:03'],
  ['\'<a b="1">x</a>\'::xml', 'text', '<a b="1">x</a>'],
  ["xmlelement(name a, '\\x01ff'::bytea)", 'text', '<a>Af8=</a>'],
  ["'(0.1,2)'::point", 'text', '(0.1,2)'],
  ["'(1,2),(3,4)'::box", 'text', '(3,4),(1,2)'],
  ["'a:1 b:2'::tsvector", 'text', "'a':1 'b':2"],
  ["'[1,5)'::int4range", 'text', '[1,5)'],
  ["'{[1,2),[5,6)}'::int4multirange", 'text', '{[1,2),[5,6)}'],
  ["'1 2 3'::int2vector", 'text', '1 2 3'],
  ["'1 2'::oidvector", 'text', '1 2'],
  ["'7'::xid", 'text', '7'],
  ["'16/B374D848'::pg_lsn", 'text', '16/B374D848'],
  ["'pg_class'::regclass", 'text', 'pg_class'],
  ["ROW(1, 'a b', NULL)", 'text', '(1,"a b",)'],
  ["'sad'::mood", 'text', 'sad'],
  ["'{NULL,a}'::text[]", 'text[]', '{NULL,a}'],
  ["'42'::positive", 'bigint', '42'],
  ["'42'::very_positive", 'bigint', '42'],
  ["ROW(1, 'x')::pair", 'text', '(1,x)'],
  ['ARRAY[1, NULL, 3]', 'bigint[]', '{1,NULL,3}'],
  ["'[0:1][2:3]={{1,2},{3,4}}'::int8[]", 'bigint[]', '[0:1][2:3]={{1,2},{3,4}}'],
  ["ARRAY[0.1, 'NaN']::float8[]", 'double precision[]', '{0.1,NaN}'],
  ["'{}'::bool[]", 'boolean[]', '{}'],
  [
    String.raw`ARRAY['a,b', 'NULL', '', NULL, '"\', E'\n{']`,
    'text[]',
    String.raw`{"a,b","NULL","",NULL,"\\"\\\\","\n{"}`,
  ],
  [
    "ARRAY['2024-01-01 00:00+05:45'::timestamptz, '0044-03-15 12:00+00 BC']",
    'timestamptz[]',
    '{"2023-12-31 18:15:00+00","0044-03-15 12:00:00+00 BC"}',
  ],
  [`ARRAY['{"a": [1]}'::jsonb, '2']`, 'json[]', String.raw`{"{\\"a\\": [1]}",2}`],
  ["ARRAY['sad', 'ok']::mood[]", 'text[]', '{sad,ok}'],
  ["ARRAY['ab'::char(3)]", 'text[]', '{"ab "}'],
  [String.raw`ARRAY['\xff'::bytea]`, 'text[]', String.raw`{"\\\\xff"}`],
  ["ARRAY[ROW(1, 'x')::pair]", 'text[]', '{"(1,x)"}'],
  ["ARRAY['1'::positive]", 'bigint[]', '{1}'],
  ["ARRAY['{1,2}'::numbers]", 'text', '{"{1,2}"}'],
  ["'{1,2}'::numbers", 'bigint[]', '{1,2}'],
  ["ARRAY['(1,2),(3,4)'::box, '(5,6),(7,8)']", 'text', '{(3,4),(1,2);(7,8),(5,6)}'],
];

const query = `SELECT ${samples.map(([expression], index) => `${expression} AS c${index}`).join(', ')}`;

let database: TestDatabase;
let source: Source;

beforeAll(async () => {
  database = await createDatabase('values');
  await run(
    database.url,
    `CREATE TYPE mood AS ENUM ('sad', 'ok')`,
    `CREATE DOMAIN positive AS integer CHECK (VALUE > 0)`,
    `CREATE DOMAIN very_positive AS positive CHECK (VALUE > 1)`,
    `CREATE DOMAIN numbers AS integer[]`,
    `CREATE TYPE pair AS (a integer, b text)`,
    `DO $$ BEGIN
       ${Object.entries(hostileSettings)
         .map(
           ([name, value]) =>
             `EXECUTE format('ALTER DATABASE %I SET ${name} = ''${value}''', current_database());`,
         )
         .join('\n')}
     END $$`,
  );
  source = sourceAt(database.url);
});

afterAll(async () => {
  await source.close();
  await database.drop();
});

describe('a value', () => {
  it('is staged as the type that reads its text, through domains and arrays', async () => {
    const columns = await source.describe(query, never);
    const seen = columns.map(({ type, array }, index) => [samples[index]?.[0], array ? `${type}[]` : type]);
    expect(seen).toEqual(samples.map(([expression, type]) => [expression, type]));
  });

  it('is written the same whatever settings database and user have', async () => {
    const cells = (await rowsOf(source, query)).replace(/\n$/, '').split('\t');
    expect(cells.map((text, index) => [samples[index]?.[0], text])).toEqual(
      samples.map(([expression, , text]) => [expression, text]),
    );
  });

  it('is read back without loss by a store with other settings', async () => {
    const bytes = await rowsOf(source, query);
    const columns = samples.map(([, type], index) => `c${index} ${type}`).join(', ');
    const store = await connected(database.url);
    try {
      await store.query(
        `RESET ALL; SET DateStyle = 'SQL, DMY'; SET TimeZone = 'America/New_York'; SET array_nulls = on`,
      );
      await store.query(`CREATE TABLE staged (${columns})`);
      await pipeline(Readable.from([Buffer.from(bytes)]), store.query(copyFrom('COPY staged FROM STDIN')));
    } finally {
      await store.end();
    }
    expect(await rowsOf(source, 'SELECT * FROM staged')).toBe(bytes);
  });
});

describe('every built-in type', () => {
  it('that is not one of the ten is text, and so are its arrays', async () => {
    const types = await run(
      database.url,
      'SET quote_all_identifiers = off',
      `SELECT format_type(oid, NULL) AS name, typarray <> 0 AS has_array
         FROM pg_type
        WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A'
        ORDER BY oid`,
    );
    const names = types.map(({ name }) => String(name));
    const described = await source.describe(
      `SELECT ${names.map((name, index) => `NULL::${name} AS c${index}`).join(', ')}`,
      never,
    );
    const own = described.flatMap(({ type }, index) => (type === 'text' ? [] : [names[index] ?? '']));
    expect(own.toSorted()).toEqual(
      [
        'bigint',
        'boolean',
        'date',
        'double precision',
        'integer',
        'json',
        'jsonb',
        'numeric',
        'oid',
        'real',
        'smallint',
        'timestamp with time zone',
        'timestamp without time zone',
      ].toSorted(),
    );
    expect(described.every(({ array }) => !array)).toBe(true);

    const withArrays = types.filter(({ has_array }) => has_array === true).map(({ name }) => String(name));
    const arrays = await source.describe(
      `SELECT ${withArrays.map((name, index) => `NULL::${name}[] AS c${index}`).join(', ')}`,
      never,
    );
    expect(arrays.flatMap(({ array }, index) => (array ? [] : [withArrays[index]]))).toEqual(['box']);
  });

  it('has its own name for people to read', async () => {
    const columns = await source.describe(
      `SELECT 'a'::varchar(20) AS a, 1.5::numeric(6,2) AS b, now() AS c`,
      never,
    );
    expect(columns.map(({ sourceType }) => sourceType)).toEqual([
      'character varying(20)',
      'numeric(6,2)',
      'timestamp with time zone',
    ]);
  });
});
