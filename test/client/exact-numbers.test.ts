import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createInlet, type Inlet, type Ran } from '../support/inlet.js';

// Commands are processes of their own: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/** A name, an expression of the source, and the digits that it must have wherever it is shown. */
const cells: [name: string, expression: string, digits: string][] = [
  ['big', '9223372036854775807::bigint', '9223372036854775807'],
  ['small', '(-9223372036854775807 - 1)::bigint', '-9223372036854775808'],
  ['odd', '9007199254740993', '9007199254740993'],
  [
    'long',
    '1234567890123456789012345678.0123456789::numeric(38,10)',
    '1234567890123456789012345678.0123456789',
  ],
  ['scale', '1.10', '1.10'],
  ['zeros', '-0.500::numeric', '-0.500'],
  ['tiny', '1e-30::numeric', '0.000000000000000000000000000001'],
  ['huge', '1e38::numeric', '100000000000000000000000000000000000000'],
  ['list', 'ARRAY[1.10, 9007199254740993]', '[1.10, 9007199254740993]'],
  ['float', '0.1::float8 + 0.2::float8', '0.30000000000000004'],
  ['real', '0.1::real', '0.1'],
  ['data', `'{"n": 12345678901234567890.123}'::json`, '{"n": 12345678901234567890.123}'],
  ['deep', `'[{"b": 1.10}, 1e-20]'::jsonb`, '[{"b": 1.10}, 0.00000000000000000001]'],
];

const select = cells.map(([name, expression]) => `${expression} AS ${name}`).join(', ');
const fails = `SELECT NULL AS id, ${select}`;
const fine = `SELECT '1' AS id, ${select}`;
/** The same cells as identifiers, each of which is no email. */
const keys = cells.map(
  ([, expression]) => `SELECT (${expression})::text AS id, (${expression})::text AS email`,
);

let inlet: Inlet;
beforeAll(async () => {
  inlet = await createInlet();
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  numbers: { database: crm, every: 1h, identifyBy: id, query: ${JSON.stringify(`${fine} UNION ALL ${fails}`)} }
  keyless: { database: crm, every: 1h, identifyBy: id, query: ${JSON.stringify(`${fine.replace('AS id', 'AS ident')}, 'x' AS last`)} }
  keys: { database: crm, every: 1h, identifyBy: id, whenBusy: wait, query: ${JSON.stringify(keys.join(' UNION ALL '))} }
`);
  await inlet.startWorker();
  await inlet.inlet('apply', 'numbers', 'keys');
  await inlet.untilStatus('numbers', 1, 'Some Rows Failed');
  await inlet.untilStatus('keys', 1, 'Some Rows Failed');
});
afterAll(() => inlet.close());

/** Text in which white space within JSON doesn't count, nor does the doubling of quotes in CSV. */
const squeezed = (text: string) => text.replaceAll('""', '"').replace(/([:,])\s+/g, '$1');

describe('numbers', () => {
  it.each<[string, string[], (name: string, digits: string) => string]>([
    ['show', ['show', 'person', '1'], (name, digits) => `${`.${name}`.padEnd(7)}  ${digits}\n`],
    ['show --json', ['show', 'person', '1', '--json'], (name, digits) => `"${name}":${digits}`],
    ['preview', ['preview', 'numbers'], (_, digits) => `  ${digits}  `],
    ['preview --json', ['preview', 'numbers', '--json'], (name, digits) => `"${name}":${digits}`],
    [
      'a preview that is refused',
      ['preview', 'keyless'],
      (name, digits) => `  ${name === 'list' ? '{1.10,9007199254740993}' : digits}  `,
    ],
    [
      'failures',
      ['failures', 'keys'],
      (name, digits) => (digits.startsWith('[') ? '' : `key ${digits}  email "${digits}"  invalid_email\n`),
    ],
    ['failures --json', ['failures', 'numbers', '--json'], (name, digits) => `"${name}":${digits}`],
    ['failures --csv', ['failures', 'numbers', '--csv', '-'], (name, digits) => `"${name}":${digits}`],
  ])('keep every digit through %s', async (_, words, shown) => {
    const { stdout }: Ran = await inlet.inlet(...words);
    const text = squeezed(`${stdout}\n`);
    const missing = cells.filter(([name, , digits]) => !text.includes(squeezed(shown(name, digits))));
    expect(missing).toEqual([]);
  });
});
