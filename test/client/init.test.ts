import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { asking } from '../../client/init-asker.js';
import { proposeQuery, rolesOf } from '../../client/init-query.js';
import { writeFirstFile } from '../../client/init.js';
import { Output } from '../../client/output.js';
import { readEnvironment } from '../../config/environment.js';
import type { Column } from '../../sources/source.js';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';
import { recordingSink } from './recording-sink.js';

let inlet: Inlet;
let directory: string;
beforeAll(async () => {
  inlet = await createInlet();
  await inlet.source.query(`
    CREATE TABLE people (id bigint, email text, plan text, password_hash text, updated_at timestamptz);
    INSERT INTO people VALUES (1, 'ada@example.com', 'pro', 'x', now());
    CREATE TABLE "Odd Names" ("user" text, "E-Mail" text, "group" text);
    CREATE TABLE things (colour text)`);
});
afterAll(() => inlet.close());
beforeEach(async () => {
  directory = join(inlet.directory, Math.random().toString(36).slice(2));
  await mkdir(directory);
});

const yes = (...words: string[]) =>
  inlet.inlet(
    '--config',
    join(directory, 'inlet.yaml'),
    'init',
    '--yes',
    '--url-env',
    'CRM_DATABASE_URL',
    ...words,
  );

describe('init --yes', () => {
  it('writes a file that check and preview take at once', async () => {
    const file = join(directory, 'inlet.yaml');
    const made = await yes('--table', 'people', '--workspace', inlet.workspace, '--every', '15m');
    expect(made.stdout).toMatch(/inlet\.yaml {2}written: workspace acme-\w+, sync people every 15m$/);
    expect(made.code).toBe(0);
    const text = await readFile(file, 'utf8');
    expect(text).toContain('WHERE updated_at > to_timestamp({{last_sync_time}})');
    expect(text).toContain('# Left out: password_hash.');
    expect((await inlet.inlet('--config', file, 'check')).code).toBe(0);
    const preview = await inlet.inlet('--config', file, '--json', 'preview', 'people');
    expect(dataOf(preview)).toMatchObject({ problems: [], rows: [{ rowNumber: 1 }] });
    expect(preview.code).toBe(0);
  });

  it.each([
    [['--table', 'nowhere'], 1, /relation "nowhere" does not exist/],
    [['--table', 'things'], 2, /give a --table that has a column id or email/],
    [['--table', 'people', '--every', '5s'], 2, /--every: It must be at least 1m/],
    [['--table', 'people', '--workspace', 'a b'], 2, /--workspace: It must be 1 to 63/],
    [[], 2, /--table/],
  ])('with %s writes nothing', async (words, code, says) => {
    const ran = await yes(...words);
    expect(ran.stderr).toMatch(says);
    expect(ran.code).toBe(code);
    expect(await readdir(directory)).toEqual([]);
  });

  it('leaves a file that is there as it is', async () => {
    await writeFile(join(directory, 'inlet.yaml'), 'mine');
    const { code, stderr } = await yes('--table', 'people');
    expect(stderr).toMatch(/is there already\. --force/);
    expect(code).toBe(1);
    expect(await readFile(join(directory, 'inlet.yaml'), 'utf8')).toBe('mine');
  });

  it('says that a directory is no file, before it looks at any database', async () => {
    await mkdir(join(directory, 'inlet.yaml'));
    const { code, stderr } = await yes('--table', 'people', '--force');
    expect(stderr).toMatch(/inlet\.yaml is a directory: --config names a file in it/);
    expect(code).toBe(1);
  });
});

it('init without a terminal says what to give instead of waiting', async () => {
  const { code, stderr } = await inlet.inlet('init');
  expect(stderr).toMatch(/stdin is not a terminal.*--yes --url-env VARIABLE --table TABLE/);
  expect(code).toBe(2);
});

describe('init on a terminal', () => {
  /** Answers each question, once it is seen, by what a user would type. */
  async function answer(answers: [question: RegExp, keys: string][]): Promise<unknown> {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let seen = '';
    output.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    const target = join(directory, 'inlet.yaml');
    const environment = { ...readEnvironment(directory), get: () => undefined };
    const out = new Output(recordingSink(), recordingSink(), { json: false, colour: false });
    const asker = await asking(input, output);
    const done = writeFirstFile({ target, options: {}, asker, environment, out, force: false }).then(
      (code) => ({ code }),
      (error: unknown) => error,
    );
    for (const [question, keys] of answers) {
      await vi.waitFor(() => expect(seen).toMatch(question), { timeout: 20_000 });
      seen = '';
      input.write(keys);
    }
    return done;
  }

  it('asks for what it needs, and keeps the credentials out of the file', async () => {
    const url = inlet.env['CRM_DATABASE_URL'] ?? '';
    const enter = '\r';
    const ended = await answer([
      [/workspace called/, enter],
      [/rows come from/, enter],
      [/environment variable/, enter],
      [/connection URL/, `${url}${enter}`],
      [/Which table/, `\u001b[B${enter}`],
      [/decides whom/, enter],
      [/How often/, enter],
      [/for Inlet itself/, enter],
    ]);
    expect(ended).toEqual({ code: 0 });
    const text = await readFile(join(directory, 'inlet.yaml'), 'utf8');
    expect(text).toContain('url: "${CRM_DATABASE_URL}"');
    expect(text).not.toContain(url);
    const env = join(directory, '.inlet', 'env');
    expect(await readFile(env, 'utf8')).toBe(`CRM_DATABASE_URL=${url}\n`);
    expect((await stat(env)).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, '.inlet', '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('leaves nothing behind after Ctrl-C', async () => {
    const ended = await answer([
      [/workspace called/, '\r'],
      [/rows come from/, '\u0003'],
    ]);
    expect(ended).toMatchObject({ message: 'Nothing was written.', exitCode: 1 });
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('the query that is proposed', () => {
  const column = (name: string, type: Column['type'] = 'text'): Column => ({
    name,
    type,
    array: false,
    sourceType: type,
  });

  it('finds identifiers under other names, and quotes what must be', () => {
    const roles = rolesOf([column('customer_id'), column('Email'), column('group'), column('Plan')]);
    const { query } = proposeQuery('crm.Customers', roles, 'postgres');
    expect(query.replaceAll(/\s+/g, ' ')).toBe(
      'SELECT customer_id AS id, "Email" AS email, "group", "Plan" FROM crm."Customers"',
    );
  });

  it('asks Redshift for changes in its own words', () => {
    const roles = rolesOf([column('id'), column('updated_at', 'timestamp')]);
    const { query, remarks } = proposeQuery('people', roles, 'redshift');
    expect(query).toContain(
      `WHERE updated_at > TIMESTAMP 'epoch' + {{last_sync_time}} * INTERVAL '1 second'`,
    );
    expect(remarks).toContainEqual('"updated_at" has no time zone, and is taken as UTC.');
  });

  it('reads everything where no column tells of changes', () => {
    const { query, remarks } = proposeQuery('people', rolesOf([column('id')]), 'postgres');
    expect(query).not.toContain('WHERE');
    expect(remarks).toContainEqual(expect.stringContaining('every import reads the whole table'));
  });
});
