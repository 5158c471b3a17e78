import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeImport } from '../../store/end-import.js';
import { migrate } from '../../store/migrate.js';
import { openStore, type Store } from '../../store/store.js';
import { saveSync } from '../../store/workspaces.js';
import { createInlet, dataOf, type Inlet, type Ran } from '../support/inlet.js';
import { addPeople, definitionOf, peopleOf, settingsOf, stageImport } from '../support/store-import.js';

// Commands are processes of their own, several in a test: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const fileWith = (identifiers: string) => `
workspace: { name: ${inlet.workspace}, identifiers: [${identifiers}] }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }
`;

const ada = { id: '1', email: 'Ada@x.io', attributes: {} };
const bob = { id: '2', email: 'bob@x.io', attributes: {} };
/** Their id looks like an email, and is that of somebody else in another case. */
const odd = { id: 'bob@x.io', email: null, attributes: {} };

let inlet: Inlet;
let store: Store;
let workspace: string;
beforeAll(async () => {
  inlet = await createInlet();
  workspace = inlet.workspace;
  store = openStore(inlet.env.INLET_STORE_URL ?? '', { max: 2 });
  await migrate(store);
  await saveSync(store, definitionOf({ workspace, columns: [] }), settingsOf({ workspace }));
});
afterAll(async () => {
  await store.close();
  await inlet.close();
});
beforeEach(async () => {
  await inlet.write(fileWith('id, email'));
  await store.pool.query('DELETE FROM inlet.person');
  await addPeople(store, [ada, bob], workspace);
});

/** Gives Ada exactly these attributes; JSON.stringify would round numbers. */
const attributesOfAda = (json: string) =>
  store.pool.query(`UPDATE inlet.person SET attributes = $1::jsonb WHERE id = '1'`, [json]);

const show = (...words: string[]): Promise<Ran> => inlet.inlet('show', 'person', ...words);
const set = (...words: string[]): Promise<Ran> => inlet.inlet('set', 'person', ...words);

describe('show person', () => {
  it('finds by id exactly and by email regardless of case', async () => {
    for (const text of ['1', 'Ada@x.io', 'aDA@X.IO']) {
      const { code, stdout, stderr } = await show(text);
      expect(stdout).toMatch(/^id {7}1\nemail {4}Ada@x\.io\nadded {4}\d{4}-.*Z\nchanged {2}\d{4}-.*Z$/);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
  });

  it('says who is not there, and exits with 1', async () => {
    for (const text of ['3', 'ada', ' 1', 'cio_03000001', '']) {
      const { code, stdout, stderr } = await show(text);
      expect(stderr).toBe(`Nobody in the workspace "${workspace}" has the id or email "${text}".`);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    }
  });

  it('shows both of whom one has the text as id and the other as email', async () => {
    await addPeople(store, [odd], workspace);
    const { stdout } = await show('bob@x.io');
    expect(stdout).toMatch(
      /^id {7}2\nemail {4}bob@x\.io\n.*\n.*\n\nid {7}bob@x\.io\nemail {4}\(none\)\n.*\n.*$/,
    );
    expect(dataOf(await show('BOB@x.io', '--json'))).toMatchObject({ people: [{ id: '2' }] });
  });

  it('leaves numbers as they are', async () => {
    await attributesOfAda(
      '{"big": 9007199254740993, "price": 1.10, "tiny": 1e-30, "deep": {"n": [12345678901234567890.123]}}',
    );
    const { stdout } = await show('1');
    expect(stdout).toContain('.big     9007199254740993\n');
    expect(stdout).toContain('.price   1.10');
    expect(stdout).toContain('.tiny    0.000000000000000000000000000001');
    expect(stdout).toContain('.deep    {"n": [12345678901234567890.123]}\n');
    const json = await show('1', '--json');
    expect(json.stdout).toMatch(/"big": 9007199254740993[,}]/);
    expect(json.stdout).toMatch(/"price": 1\.10[,}]/);
    expect(json.stdout).toMatch(/"n": \[12345678901234567890\.123\]/);
    expect(dataOf(json)).toMatchObject({ workspace, people: [{ id: '1', email: 'Ada@x.io' }] });
  });

  it('has no value or name steer the terminal, and names line up all the same', async () => {
    await attributesOfAda(
      JSON.stringify({ 'a\u001b]0;b': 'x\u001b[2J\ny\u202e\u009b', __proto__: 1, '': '', list: ['\u001b'] }),
    );
    const { stdout } = await show('1');
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    const lines = stdout.split('\n');
    expect(lines).toContain('.a\\u001b]0;b  x\\u001b[2J\\ny\\u202e\\u009b');
    expect(lines).toContain('.list         ["\\u001b"]');
    expect(lines).toContain('id            1');
    expect(lines.slice(4)).toHaveLength(3);
    const json = await show('1', '--json');
    expect(json.stdout).not.toMatch(/[^\P{Cc}\n]/u);
    expect(dataOf(json)).toMatchObject({
      people: [{ attributes: { 'a\u001b]0;b': 'x\u001b[2J\ny\u202e\u009b', list: ['\u001b'] } }],
    });
  });
});

describe('set person', () => {
  it('changes an email and an id that are set', async () => {
    const email = await set('1', '--email', 'countess@x.io');
    expect(email).toEqual({ code: 0, stderr: '', stdout: 'The person 1 has the email "countess@x.io" now.' });
    const id = await set('COUNTESS@x.io', '--id', '-7');
    expect(id).toEqual({ code: 0, stderr: '', stdout: 'The person COUNTESS@x.io has the id "-7" now.' });
    expect(await peopleOf(store, workspace)).toEqual([{ ...ada, id: '-7', email: 'countess@x.io' }, bob]);
    expect((await set('--json', '--id', '1', '--', '-7')).code).toBe(0);
    expect((await show('--', '-7')).code).toBe(1);
  });

  it('changes the spelling of an email, says where nothing changed, and gives JSON', async () => {
    const changed = await set('1', '--email', 'ADA@x.io', '--json');
    expect(dataOf(changed)).toMatchObject({
      workspace,
      changed: true,
      people: [{ id: '1', email: 'ADA@x.io' }],
    });
    const same = await set('1', '--email', 'ADA@x.io', '--json');
    expect(dataOf(same)).toMatchObject({ changed: false, people: [{ id: '1' }] });
    expect((await set('1', '--id', '1')).stdout).toBe('The person 1 has it already.');
  });

  it.each([
    [
      'of another',
      ['--email', 'BOB@x.io'],
      'The email "BOB@x.io" belongs to another person already: id 2 (bob@x.io).',
    ],
    ['of another', ['--id', '2'], 'The id "2" belongs to another person already: id 2 (bob@x.io).'],
    ['that is no address', ['--email', 'ada@'], '"ada@" is not a valid email address (RFC 5322).'],
    [
      'that steers the terminal',
      ['--email', '\u001b[2J'],
      '"\\u001b[2J" is not a valid email address (RFC 5322).',
    ],
    ['that is too long', ['--id', 'é'.repeat(76)], 'The id is longer than the limit of 150 bytes.'],
    [
      'that is too long',
      ['--email', `${'l'.repeat(250)}@x.io`],
      'The email is longer than the limit of 254 characters.',
    ],
    ['that is blank', ['--email', ''], 'The email is blank. An identifier can be changed, not cleared.'],
    ['that is blank', ['--id', '\u00a0 '], 'The id is blank. An identifier can be changed, not cleared.'],
  ])('refuses an identifier %s: %j', async (_, change, sentence) => {
    const { code, stdout, stderr } = await set('1', ...change);
    expect(stderr).toContain(sentence);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await peopleOf(store, workspace)).toEqual([ada, bob]);
  });

  it('refuses people who are not there, and a text that means two', async () => {
    const nobody = await set('cio_03000001', '--id', '3');
    expect(nobody.stderr).toBe(`Nobody in the workspace "${workspace}" has the id or email "cio_03000001".`);
    await addPeople(store, [odd], workspace);
    const two = await set('bob@x.io', '--id', '3');
    expect(two.stderr).toBe(
      '"bob@x.io" is the id of one person and the email of another. Name the person by the other identifier.',
    );
    expect([nobody.code, two.code]).toEqual([1, 1]);
    expect(await peopleOf(store, workspace)).toEqual([ada, bob, odd]);
  });

  it('wants one identifier, neither none nor both', async () => {
    const none = await set('1');
    expect(none).toMatchObject({
      code: 2,
      stderr: 'Say which identifier to set: --id VALUE or --email VALUE.',
    });
    const both = await set('1', '--id', '3', '--email', 'c@x.io');
    expect(both.code).toBe(2);
    expect(both.stderr).toContain(`option '--id <value>' cannot be used with option '--email <value>'`);
    const cioId = await set('1', '--cio_id', '3');
    expect(cioId.code).toBe(2);
    expect(await peopleOf(store, workspace)).toEqual([ada, bob]);
  });

  it('refuses an identifier that the workspace does not list', async () => {
    await inlet.write(fileWith('id'));
    const sync = settingsOf({ workspace, identifiers: ['id'] });
    await store.pool.query('DELETE FROM inlet.person');
    await saveSync(store, definitionOf({ workspace, columns: [] }), sync);
    await addPeople(store, [{ ...ada, email: null }], workspace);
    const { code, stderr } = await set('1', '--email', 'new@x.io');
    expect(stderr).toContain('email is an ordinary attribute, not an identifier (workspace.identifiers)');
    expect(code).toBe(1);
    await store.pool.query('DELETE FROM inlet.person');
    await saveSync(store, definitionOf({ workspace, columns: [] }), settingsOf({ workspace }));
  });

  it('is refused while an import is open, naming it, and goes on after', async () => {
    const work = await stageImport(store, { workspace, number: 1, columns: ['id'], rows: [['1']] });
    const { code, stderr } = await set('1', '--email', 'new@x.io');
    expect(stderr).toContain('Import 1 of "customers" is running');
    expect(code).toBe(1);
    expect((await show('1')).stdout).toContain('Ada@x.io');
    await closeImport(store, work.key, { status: 'Canceled', reason: 'enough' });
    expect((await set('1', '--email', 'new@x.io')).code).toBe(0);
  });
});
