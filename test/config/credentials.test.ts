import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../config/config-error.js';
import { resolveDatabase, type PostgresConnection, type WorkspaceFile } from '../../config/workspace-file.js';
import { fileWithDatabase, fileWithSync, load, problemsIn, problemsOf } from './written-file.js';

const secret = 'hunter2';
const advice =
  'put it into an environment variable and refer to that, as in "postgres://user:${PASSWORD}@host:5432/database".';

describe('a literal password is refused, and not repeated', () => {
  test.each([
    `postgres://app:${secret}@host/db`,
    `postgresql://app:${secret}@host/db`,
    `mysql://app:${secret}@host/db`,
    `app:${secret}@host/db`,
    `postgres://app:${secret}\${PW}@host/db`,
    `postgres://\${USER}:${secret}@host/db`,
    `postgres://app:a@${secret}@host/db`,
    `postgres://app@host/db?password=${secret}`,
    `postgres://app@host/db?sslmode=require&PASSWORD=${secret}`,
    `postgres://app@host/db?pass%77ord=${secret}`,
    `postgres://app@host/db?sslpassword=${secret}`,
  ])('as %s', async (url) => {
    expect(await problemsOf(fileWithDatabase({ url: JSON.stringify(url) }))).toEqual([
      `5:10 databases.crm.url holds a password; passwords don't belong into this file: ${advice}`,
    ]);
  });

  test.each([
    `postgres://app:${secret}/x@host/db`,
    `postgres://app:${secret}#x@host/db`,
    `postgres://app:12/${secret}@host/db`,
    `postgres://app:12?${secret}@host/db`,
    `host=localhost password=${secret}`,
    `postgres://app:\${PW:-${secret}}@host/db`,
    secret,
  ])('nor is %s, which is no valid url', async (url) => {
    const problems = await problemsOf(fileWithDatabase({ url: JSON.stringify(url) }));
    expect(problems).toHaveLength(1);
    expect(problems.join()).toMatch(/^5:10 databases\.crm\.url /);
    expect(problems.join()).not.toContain(secret);
  });

  test('in the store', async () => {
    const problems = await problemsOf(
      `workspace: { name: acme }\nstore: { url: "postgres://a:${secret}@h/d" }\n`,
    );
    expect(problems).toEqual([
      `2:15 store.url holds a password; passwords don't belong into this file: ${advice}`,
    ]);
  });

  test.each(['password', 'PGPASSWORD', 'pass', 'pwd'])('as a key %s', async (key) => {
    const problems = await problemsOf(fileWithDatabase({ url: '"${X}"', [key]: secret }));
    expect(problems).toEqual([
      `6:5 databases.crm.${key}: passwords don't belong into this file. Put it into an environment variable and refer to it in the url, as in "postgres://user:\${PASSWORD}@host:5432/database".`,
    ]);
  });

  test.each([
    ['in the place of a database name', fileWithSync({ database: `"postgres://a:${secret}@h/d"` })],
    ['as a key', `databases: { "postgres://a:${secret}@h/d": 1 }`],
    ['in a key without a space', `databases: { crm: { url:postgres://a:${secret}@h/d } }`],
    [
      'in a line that is no YAML',
      `databases:\n  crm:\n    type: postgres\n    url:postgres://a:${secret}@h/d\n`,
    ],
    ['in an open quote', `databases:\n  crm:\n    url: "postgres://a:${secret}@h/d\n`],
    ['as the workspace', `workspace: postgres://a:${secret}@h/d`],
    ['as ssl', fileWithDatabase({ url: '"${X}"', ssl: secret })],
    ['as a database', `workspace: { name: acme }\ndatabases: { crm: ${secret} }`],
  ])('%s', async (_, text) => {
    const problems = await problemsOf(text);
    expect(problems).not.toEqual([]);
    expect(problems.join('\n')).not.toContain(secret);
  });

  test('a reference as a key is sent to the url', async () => {
    expect(await problemsOf(fileWithDatabase({ url: '"${X}"', password: '"${PW}"' }))).toEqual([
      '6:5 Unknown key "password" in databases.crm; refer to it in the url, as in "postgres://user:${PASSWORD}@host:5432/database".',
    ]);
  });
});

describe('a url', () => {
  test.each([
    '${URL}',
    'postgres://host/db',
    'postgresql://app@host:5433/db?sslmode=require',
    'postgres://app:@host/db',
    'postgres://${USER}:${PW}@${HOST}:${PORT}/${DB}?application_name=${NAME}',
    'postgres:///db?host=/var/run/postgresql&user=me@tenant',
    'postgres://app:${PW}@/db?host=/tmp',
    'postgres://[::1]/db',
  ])('%s is taken', async (url) => {
    expect(await problemsOf(fileWithDatabase({ url: JSON.stringify(url) }))).toEqual([]);
  });

  test.each([
    ['host/db', 'must be a URL such as'],
    ['https://host/db', 'must be a URL such as'],
    ['${BASE}/db', 'must be a URL such as'],
    ['', 'must be a URL such as'],
    ['postgres://host:port/db', "isn't a valid URL"],
    ['postgres://${HOST', 'holds a "${" that is no reference'],
    ['postgres://${1}/db', 'holds a "${" that is no reference'],
  ])('%s is refused', async (url, message) => {
    expect(await problemsOf(fileWithDatabase({ url: JSON.stringify(url) }))).toEqual([
      expect.stringContaining(`5:10 databases.crm.url ${message}`),
    ]);
  });
});

function postgresOf(file: WorkspaceFile): PostgresConnection {
  const connection = resolveDatabase(file, 'crm');
  if (connection.type !== 'postgres') throw new Error('crm is not of type postgres');
  return connection;
}

async function resolved(url: string, variables: Record<string, string>): Promise<string> {
  const file = await load(fileWithDatabase({ url: JSON.stringify(url) }), {}, variables);
  return postgresOf(file).url;
}

describe('a reference', () => {
  test('to a whole url is taken as it is, without white space around it', async () => {
    const url = 'postgres://app:p%40ss@host/db?sslmode=require';
    expect(await resolved('${URL}', { URL: ` ${url}\n` })).toBe(url);
  });

  test('to a part can hold any character and stays in its part', async () => {
    const password = 'p@ss:w/o?r#d %41 &=+é${X}';
    const url = new URL(
      await resolved('postgres://app:${PW}@host/db?options=${PW}', { PW: password, X: 'no' }),
    );
    expect(decodeURIComponent(url.password)).toBe(password);
    expect(url.searchParams.get('options')).toBe(password);
    expect([url.username, url.host, url.pathname]).toEqual(['app', 'host', '/db']);
  });

  test('to a host can hold its port, or an IPv6 address, and nothing that ends it', async () => {
    expect(await resolved('postgres://app@${HOST}/db', { HOST: 'db.internal:6432' })).toBe(
      'postgres://app@db.internal:6432/db',
    );
    expect(await resolved('postgres://app@${HOST}:5432/db', { HOST: '[::1]' })).toBe(
      'postgres://app@[::1]:5432/db',
    );
    expect(await resolved('postgres://app@${HOST}/db', { HOST: 'evil/x?sslmode=disable#' })).toBe(
      'postgres://app@evil%2Fx%3Fsslmode%3Ddisable%23/db',
    );
  });

  test.each([undefined, ''])(
    'to a variable that is %j is refused with its name, key and line',
    async (value) => {
      const file = await load(
        fileWithDatabase({ url: '"postgres://${USER}:${PW}@host/db"' }),
        {},
        value === undefined ? {} : { USER: value, PW: value },
      );
      expect(thrownBy(() => resolveDatabase(file, 'crm'))).toEqual(
        ['USER', 'PW'].map(
          (name) =>
            `5:10 The environment variable ${name} is not set or is empty, and databases.crm.url refers to it. Set it in the environment or in .inlet/env.`,
        ),
      );
    },
  );

  test('that the file does not show is named as the default', async () => {
    const file = await load('workspace: { name: acme }');
    expect(thrownBy(() => file.storeUrl())).toEqual([
      'The environment variable INLET_STORE_URL is not set or is empty, and store.url refers to it by default. Set it in the environment or in .inlet/env.',
    ]);
  });

  test.each([
    [`app:${secret}@host/db`, "doesn't hold a URL that begins with postgres:// or postgresql://."],
    [`mysql://app:${secret}@host/db`, "doesn't hold a URL that begins with postgres:// or postgresql://."],
    [`postgres://app:${secret}#@host/db`, "doesn't hold a valid URL; "],
  ])('to what is no url is refused without repeating it: %s', async (url, message) => {
    const file = await load(fileWithDatabase({ url: '"${URL}"' }), {}, { URL: url });
    const [problem = ''] = thrownBy(() => resolveDatabase(file, 'crm'));
    expect(problem).toContain(
      `5:10 The environment variable URL, which databases.crm.url refers to, ${message}`,
    );
    expect(problem).not.toContain(secret);
  });

  test('stands in sslRootCert too, whose file must be there', async () => {
    const text = fileWithDatabase({ url: '"${URL}"', sslRootCert: '"${CERTS}/ca.pem"' });
    const variables = { URL: 'postgres://h/d', CERTS: 'certs' };
    const file = await load(text, { 'certs/ca.pem': '' }, variables);
    expect(postgresOf(file).sslRootCert).toMatch(/^\/.*\/certs\/ca\.pem$/);
    const without = await load(text, {}, variables);
    expect(thrownBy(() => resolveDatabase(without, 'crm'))).toEqual([
      expect.stringMatching(
        /^6:18 databases\.crm\.sslRootCert: the file .*\/certs\/ca\.pem does not exist, or this user may not read it\.$/,
      ),
    ]);
  });
});

test('the certificates of the system need no file', async () => {
  const file = await load(fileWithDatabase({ url: 'postgres://h/d', sslRootCert: 'system' }));
  expect(postgresOf(file).sslRootCert).toBe('system');
});

function thrownBy(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return problemsIn(error);
  }
  throw new Error('nothing was thrown');
}
