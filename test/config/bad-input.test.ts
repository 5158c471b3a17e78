import { describe, expect, test } from 'vitest';
import { fileWithDatabase, fileWithSync, problemsOf } from './written-file.js';

const keysOfSync =
  'name, description, database, every, anchor, whenBusy, startAt, overlap, maxRows, maxFailures, import, objectType, identifyBy, mode, segment, query, queryFile and relationships';

describe('an unknown key is named with its place and what was meant', () => {
  test.each([
    ['at the top', 'workspace: { name: acme }\nsync: {}', '2:1 Unknown key "sync"; did you mean "syncs"?'],
    [
      'at the top, of another section',
      'workspace: { name: acme }\nidentifiers: [id]',
      '2:1 Unknown key "identifiers"; it belongs into workspace.',
    ],
    [
      'in the store',
      'workspace: { name: acme }\nstore: { uri: x }',
      '2:10 Unknown key "uri" in store; did you mean "url"?',
    ],
    [
      'in the workspace',
      'workspace: { name: acme, keepImport: 1d }',
      '1:26 Unknown key "keepImport" in workspace; did you mean "keepImports"?',
    ],
    [
      'in a database',
      fileWithDatabase({ url: '"${X}"', query_timeout: '1h' }),
      '6:5 Unknown key "query_timeout" in databases.crm; did you mean "queryTimeout"?',
    ],
    [
      'in a database, of a connection in parts',
      fileWithDatabase({ host: 'localhost' }),
      '5:5 Unknown key "host" in databases.crm; a connection is one url, as in "postgres://user:${PASSWORD}@host:5432/database".',
    ],
    [
      'in a sync',
      fileWithSync({ identifyBy: '(none)', identify_by: 'id' }),
      '9:5 Unknown key "identify_by" in syncs.customers; did you mean "identifyBy"?',
    ],
    [
      'in a sync, by its name elsewhere',
      fileWithSync({ query: '(none)', sql: 'SELECT 1' }),
      '9:5 Unknown key "sql" in syncs.customers; did you mean "query"?',
    ],
    [
      'in a sync, like nothing we have',
      fileWithSync({ colour: 'red' }),
      `10:5 Unknown key "colour" in syncs.customers; the keys here are ${keysOfSync}.`,
    ],
  ])('%s', async (_, text, problem) => {
    expect(await problemsOf(text)).toEqual([problem]);
  });

  test('also if it is called as what every object has', async () => {
    const problems = await problemsOf(
      'workspace: { name: acme, __proto__: {} }\nconstructor: 1\ntoString: 2\n',
    );
    expect(problems.map((problem) => problem.split(/[ ;]/).slice(1, 4).join(' '))).toEqual([
      'Unknown key "__proto__"',
      'Unknown key "constructor"',
      'Unknown key "toString"',
    ]);
  });
});

describe('a maxFailures', () => {
  const rule = 'must be a percentage such as 5% or 0.5%, or a whole number of rows such as 100.';
  test.each([
    ['-1', rule],
    ['1.5', rule],
    ["'5'", rule],
    ['5 percent', rule],
    ['0.0001%', rule],
    ['true', rule],
    ['100.001%', 'must be at most 100%.'],
  ])('of %s is refused', async (written, message) => {
    expect(await problemsOf(fileWithSync({ maxFailures: written }))).toEqual([
      `10:18 syncs.customers.maxFailures ${message}`,
    ]);
  });

  test('belongs into a sync', async () => {
    expect(await problemsOf('workspace: { name: acme, maxFailures: 5% }')).toEqual([
      '1:26 Unknown key "maxFailures" in workspace; it belongs into syncs.<name>.',
    ]);
  });
});

describe('a wrong type is refused in words', () => {
  test.each([
    ['1:1 The file must be a mapping of keys to values, not a list.', '- a\n'],
    ['1:1 The file must be a mapping of keys to values, not "inlet".', 'inlet\n'],
    ['1:12 workspace must be a mapping of keys to values, not "acme".', 'workspace: acme'],
    ['1:20 workspace.name must be text (put it into quotes), not 2026.', 'workspace: { name: 2026 }'],
    ['1:1 workspace has no value; for example workspace: { name: acme }.', 'workspace:\n'],
    ['1:1 workspace.name is missing; for example name: acme.', 'workspace: {}'],
    [
      '1:39 workspace.identifiers must be a list such as [id, email], not "id".',
      'workspace: { name: acme, identifiers: id }',
    ],
    ['1:39 workspace.identifiers lists nothing.', 'workspace: { name: acme, identifiers: [] }'],
    [
      '1:39 workspace.identifiers lists an identifier twice.',
      'workspace: { name: acme, identifiers: [id, id] }',
    ],
    [
      '1:44 workspace.identifiers[1] must be id or email, not "phone".',
      'workspace: { name: acme, identifiers: [id, phone] }',
    ],
    [
      '1:52 workspace.allowEmailUpdatesUsingId must be true or false, not "yes".',
      'workspace: { name: acme, allowEmailUpdatesUsingId: yes }',
    ],
    ['1:40 workspace.keepFailures must be at least 0.', 'workspace: { name: acme, keepFailures: -1 }'],
    [
      '1:40 workspace.keepFailures must be a whole number, with digits only, not 1.5.',
      'workspace: { name: acme, keepFailures: 1.5 }',
    ],
    [
      '1:40 workspace.keepFailures must be at most 2147483647.',
      'workspace: { name: acme, keepFailures: 99999999999999999999 }',
    ],
    ['2:8 store must be a mapping of keys to values.', 'workspace: { name: acme }\nstore: x'],
    ['2:12 databases must be a mapping of keys to values.', 'workspace: { name: acme }\ndatabases: []'],
    [
      '3:3 databases.crm has no value; for example crm: { type: postgres, url: "${CRM_DATABASE_URL}" }.',
      'workspace: { name: acme }\ndatabases:\n  crm:\n',
    ],
    [
      '4:11 databases.crm.type must be postgres, redshift or redshift-direct, not "mysql".',
      fileWithDatabase({ type: 'mysql', url: '"${X}"' }),
    ],
    ['3:3 databases.crm.url is missing; for example url: "${CRM_DATABASE_URL}".', fileWithDatabase({})],
    [
      '6:10 databases.crm.ssl must be disable, allow, prefer, require, verify-ca or verify-full; did you mean "require"?',
      fileWithDatabase({ url: '"${X}"', ssl: 'requre' }),
    ],
    [
      '6:10 databases.crm.ssl is one of libpq\'s modes, not true or false: "verify-full" is the safe one, "disable" is without TLS.',
      fileWithDatabase({ url: '"${X}"', ssl: 'true' }),
    ],
    [
      '6:19 databases.crm.queryTimeout must be at most 24d.',
      fileWithDatabase({ url: '"${X}"', queryTimeout: '25d' }),
    ],
    ['2:8 syncs must be a mapping of keys to values, not a list.', 'workspace: { name: acme }\nsyncs: [a]'],
    [
      '3:6 syncs.a must be a mapping of keys to values, not "SELECT 1".',
      'workspace: { name: acme }\nsyncs:\n  a: SELECT 1',
    ],
    ['10:11 syncs.customers.name is empty.', fileWithSync({ name: '""' })],
    ['10:11 syncs.customers.name holds control characters.', fileWithSync({ name: '"\\e[31mred"' })],
    [
      '10:11 syncs.customers.mode must be add, update or add-and-update, not "upsert".',
      fileWithSync({ mode: 'upsert' }),
    ],
    [
      '10:13 syncs.customers.anchor must be start or end, not "starts"; did you mean "start"?',
      fileWithSync({ anchor: 'starts' }),
    ],
    [
      '10:14 syncs.customers.maxRows must be a whole number, with digits only, not "40_000_000".',
      fileWithSync({ maxRows: '40_000_000' }),
    ],
    ['10:14 syncs.customers.maxRows must be at least 1.', fileWithSync({ maxRows: '0' })],
  ])('%s', async (problem, text) => {
    expect(await problemsOf(text)).toEqual([problem]);
  });
});

describe('an interval', () => {
  test.each(['30s', '0m', '59s', '0d'])('of %s is refused as too short', async (every) => {
    expect(await problemsOf(fileWithSync({ every }))).toEqual([
      '7:12 syncs.customers.every must be at least 1m.',
    ]);
  });

  test.each([
    '1 hour',
    '1H',
    'hourly',
    '"0 * * * *"',
    '1m1h',
    '1.5h',
    '-1h',
    '""',
    'PT1H',
    '99999999999999d',
  ])('written %s is refused with examples', async (every) => {
    expect(await problemsOf(fileWithSync({ every }))).toEqual([
      '7:12 syncs.customers.every must be a duration of days, hours, minutes and seconds, such as 90s, 15m, 6h, 2d or 1h30m.',
    ]);
  });

  test('without a unit is refused with what it could mean', async () => {
    expect(await problemsOf(fileWithSync({ every: '60' }))).toEqual([
      '7:12 syncs.customers.every has no unit; write "60s", "60m", "60h" or "60d".',
    ]);
  });

  test('that is missing is asked for at the sync', async () => {
    expect(await problemsOf(fileWithSync({ every: '(none)' }))).toEqual([
      '5:3 syncs.customers.every is missing; for example every: 1h.',
    ]);
  });
});

describe('startAt', () => {
  test.each([
    '2026-01-31',
    '2026-01-31T06:30:00',
    '2026-01-31 06:30:00Z',
    '2026-02-30T06:30:00Z',
    'tomorrow',
  ])('%s is refused with an example', async (startAt) => {
    expect(await problemsOf(fileWithSync({ startAt }))).toEqual([
      '10:14 syncs.customers.startAt must be a date and time with an offset, such as 2026-01-31T06:30:00+01:00 or 2026-01-31T05:30:00Z.',
    ]);
  });

  test.each(['2026-01-31T06:30:00Z', '2026-01-31T06:30:00.5-08:00', '1999-12-31T23:59:59+05:30'])(
    '%s is taken',
    async (startAt) => {
      expect(await problemsOf(fileWithSync({ startAt }))).toEqual([]);
    },
  );
});

describe('names', () => {
  const rule = 'must be 1 to 63 letters (a-z, A-Z), digits, "-" or "_", and begin with a letter or a digit';

  test.each(['a', 'Acme', '2', 'a-b_c', 'x'.repeat(63)])('%s is one', async (name) => {
    expect(await problemsOf(`workspace: { name: "${name}" }`)).toEqual([]);
  });

  test.each(['', 'a b', 'a/b', 'a.b', '-a', 'ä', 'x'.repeat(64), 'a:b'])(
    '"%s" is none for a workspace',
    async (name) => {
      expect(await problemsOf(`workspace: { name: "${name}" }`)).toEqual([`1:20 workspace.name ${rule}.`]);
    },
  );

  test('of syncs and databases are checked, and so is what is below them', async () => {
    const text = `workspace: { name: acme }
databases:
  c/m: { type: postgres, url: "\${X}", ssl: maybe }
syncs:
  my sync: { database: c/m, every: 1s, identifyBy: id, query: SELECT 1 }
`;
    expect(await problemsOf(text)).toEqual([
      `3:3 The name databases."c/m" ${rule}.`,
      '3:44 databases."c/m".ssl must be disable, allow, prefer, require, verify-ca or verify-full.',
      `5:3 The name syncs."my sync" ${rule}.`,
      '5:36 syncs."my sync".every must be at least 1m.',
    ]);
  });
});

describe('what a sync refers to must be there', () => {
  test('an unknown database is refused with near names', async () => {
    expect(await problemsOf(fileWithSync({ database: 'crmm' }))).toEqual([
      '6:15 syncs.customers.database: unknown database "crmm"; did you mean "crm"?',
    ]);
  });

  test('an unknown database like no other is refused with all names', async () => {
    expect(await problemsOf(fileWithSync({ database: 'warehouse' }))).toEqual([
      '6:15 syncs.customers.database: unknown database "warehouse"; this file lists crm.',
    ]);
  });

  test('an unknown database is refused where the file lists none', async () => {
    const text =
      'workspace: { name: acme }\nsyncs:\n  a: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 }\n';
    expect(await problemsOf(text)).toEqual([
      '3:18 syncs.a.database: unknown database "crm"; this file lists none.',
    ]);
  });

  test('identifyBy must be said where there are two identifiers', async () => {
    expect(await problemsOf(fileWithSync({ identifyBy: '(none)' }))).toEqual([
      '5:3 syncs.customers.identifyBy is missing: the workspace has the identifiers id and email, so say which of them decides whom a row is about, as in identifyBy: id.',
    ]);
  });

  test('identifyBy must be an identifier of the workspace', async () => {
    const text = fileWithSync({}).replace('name: acme', 'name: acme, identifiers: [email]');
    expect(await problemsOf(text)).toEqual([
      '8:17 syncs.customers.identifyBy must be email: "id" is not among workspace.identifiers, so it is an ordinary attribute.',
    ]);
  });
});

describe('a query', () => {
  test('and a query file at once are refused', async () => {
    expect(await problemsOf(fileWithSync({ queryFile: 'a.sql' }))).toEqual([
      '10:5 syncs.customers has both query and queryFile. Keep one of them.',
    ]);
  });

  test('must be there', async () => {
    expect(await problemsOf(fileWithSync({ query: '(none)' }))).toEqual([
      '5:3 syncs.customers has no query. Write it below "query: |", or name its file with queryFile.',
    ]);
  });

  test.each(['""', '" \\n\\t"', '|\n\n'])('that is blank (%j) is refused', async (query) => {
    expect(await problemsOf(fileWithSync({ query }))).toEqual(['9:12 syncs.customers.query is empty.']);
  });

  test('with other placeholders is refused with the line of each', async () => {
    const query =
      '|\n      SELECT {{ last_sync_time }}\n      , {{last_synctime}}\n      , {{foo}} {{last_sync_time}} {{id';
    expect(await problemsOf(fileWithSync({ query }))).toEqual([
      '11:9 syncs.customers.query holds {{last_synctime}}; only {{last_sync_time}} is filled in. Did you mean {{last_sync_time}}?',
      '12:9 syncs.customers.query holds {{foo}}; only {{last_sync_time}} is filled in. If it is text or an array, write "{ {".',
      '12:36 syncs.customers.query holds {{id; only {{last_sync_time}} is filled in. Close it with }}.',
    ]);
  });

  test('may hold an array of arrays', async () => {
    expect(await problemsOf(fileWithSync({ query: "SELECT '{{1,2},{3,4}}'::int[] AS id" }))).toEqual([]);
  });

  test('of more than 256 KiB is refused', async () => {
    const [problem] = await problemsOf(fileWithSync({ query: `SELECT '${'x'.repeat(256 * 1024)}' AS id` }));
    expect(problem).toMatch(/^9:12 syncs\.customers\.query is longer than 256 KiB\./);
  });

  test('with a NUL character is refused', async () => {
    expect(await problemsOf(fileWithSync({ query: '"SELECT \\0"' }))).toEqual([
      '9:12 syncs.customers.query holds a NUL character. Remove it.',
    ]);
  });
});
