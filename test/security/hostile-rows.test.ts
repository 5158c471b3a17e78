import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';

/* Names and values that mean something to SQL, to JavaScript or to a terminal: they are names and values, and no more. */

/** Sets the clipboard and a title, makes a link, goes back over what was written, and turns text around. */
const STEERING =
  '\u001b]52;c;cm0gLXJm\u0007\u001b]0;owned\u0007\u001b]8;;http://evil.example\u001b\\x\u009b31m\r\b\u202eabc\u2066';
const steers = /[^\P{Cc}\n]|\p{Bidi_Control}/u;
const NAMES = [
  `"; DROP TABLE inlet.person; --`,
  `'); DROP TABLE inlet.person; --`,
  'back\\slash',
  '$$ dollar $q$',
  '%s %I %L $1 {{x}}',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  `n${'é'.repeat(31)}`,
  `steers ${STEERING.slice(0, 12)}`,
];
const SEGMENT = `Robert'); DROP TABLE inlet.segment; --"`;
const TYPE = `com"pany'; $$`;

let inlet: Inlet;
let said = '';
beforeAll(async () => {
  inlet = await createInlet();
  const columns = NAMES.map((name) => pg.escapeIdentifier(name));
  await inlet.source.query(
    `CREATE TABLE customers (id text, email text, ${columns.map((name) => `${name} text`).join(', ')})`,
  );
  const row = (id: string, email: string, value: string) =>
    inlet.source.query({
      text: `INSERT INTO customers VALUES (${[id, email, ...NAMES].map((_, index) => `$${index + 1}`).join(', ')})`,
      values: [id, email, ...NAMES.map(() => value)],
    });
  await row(STEERING, 'ada@example.com', `${STEERING}'; DROP TABLE inlet.person; -- \\ $$ %s`);
  await row('2', `${STEERING} no address`, '=cmd()');
  await row('__proto__', 'proto@example.com', '__proto__');
  await inlet.source.query(`CREATE FUNCTION complain() RETURNS text LANGUAGE plpgsql AS $f$
    BEGIN RAISE EXCEPTION '%', ${pg.escapeLiteral(STEERING)}; END $f$`);
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers:
    database: crm
    every: 6h
    identifyBy: id
    query: SELECT * FROM customers
    segment: { name: ${JSON.stringify(SEGMENT)}, create: true }
  toString:
    database: crm
    every: 6h
    import: objects
    objectType: ${JSON.stringify(TYPE)}
    query: SELECT '__proto__' AS object_id, complain_not FROM (SELECT 'x' AS complain_not) q
  constructor: { database: crm, every: 6h, identifyBy: id, query: "SELECT '1' AS id, complain() AS note" }
`);
  await inlet.startWorker();
  expect(await inlet.inlet('apply')).toMatchObject({ code: 0 });
  await inlet.untilStatus('customers', 1, 'Some Rows Failed');
  await inlet.untilStatus('toString', 1, 'Completed');
  await inlet.untilStatus('constructor', 1, 'Failed');
  for (const words of [
    ...['customers', 'toString', 'constructor'].flatMap((sync) => [
      ['status', sync],
      ['import', sync, '1'],
      ['import', sync, '1', '--json'],
      ['failures', sync, '1'],
      ['preview', sync],
      ['review', sync],
    ]),
    ['show', 'person', STEERING],
    ['show', 'person', 'nobody-\u001b[31m-'],
    ['show', 'object', TYPE, '__proto__'],
    ['status', 'no\u001b[31m\u202e'],
    ['--config', 'no\u001b[31m.yaml', 'list'],
    ['pause', 'customers', '--reason', STEERING],
    ['list'],
    ['segments'],
    ['apply', '\u001b[31m'],
    ['\u001b[31m'],
    ['list', '--\u001b[31m'],
  ]) {
    const { stdout, stderr } = await inlet.inlet(...words);
    for (const [stream, text] of Object.entries({ stdout, stderr })) {
      const at = text.search(steers);
      if (at >= 0)
        said += `${words.join(' ')} (${stream}): …${JSON.stringify(text.slice(Math.max(0, at - 60), at + 20))}\n`;
    }
  }
}, 300_000);
afterAll(() => inlet.close());

describe('what a query gives', () => {
  it('comes to the workspace letter by letter, under whatever name', async () => {
    const { rows } = await inlet.store.query<{ name: string; value: string }>(
      `SELECT key AS name, value FROM inlet.people, jsonb_each_text(attributes) WHERE id = $1`,
      [STEERING],
    );
    expect(Object.fromEntries(rows.map(({ name, value }) => [`name ${name}`, value]))).toEqual(
      Object.fromEntries(
        NAMES.map((name) => [`name ${name}`, `${STEERING}'; DROP TABLE inlet.person; -- \\ $$ %s`]),
      ),
    );
  });

  it('is counted and told under names that every object has', async () => {
    expect(dataOf(await inlet.inlet('import', 'toString', '1', '--json'))).toMatchObject({
      counts: { added: 1 },
    });
    const shown = dataOf(await inlet.inlet('show', 'person', '__proto__', '--json'));
    expect(JSON.stringify(shown)).toContain('"__proto__":"__proto__"');
  });

  it('makes members of a segment, and objects of a type, whatever they are called', async () => {
    const members = await inlet.store.query('SELECT FROM inlet.segment_members WHERE segment = $1', [
      SEGMENT,
    ]);
    const objects = await inlet.store.query('SELECT FROM inlet.objects WHERE object_type = $1', [TYPE]);
    expect([members.rowCount, objects.rowCount]).toEqual([3, 1]);
  });
});

it('no command writes what steers a terminal, wherever it comes from', () => expect(said).toBe(''));
