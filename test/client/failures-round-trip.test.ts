import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { migrate } from '../../store/migrate.js';
import { openStore, type Store } from '../../store/store.js';
import { createInlet, type Inlet } from '../support/inlet.js';
import { column, importRows } from '../support/store-import.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let inlet: Inlet;
let store: Store;
beforeAll(async () => {
  inlet = await createInlet();
  store = openStore(inlet.env.INLET_STORE_URL ?? '', { max: 4 });
  await migrate(store);
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }
`);
});
afterAll(async () => {
  await store.close();
  await inlet.close();
});

/** Texts as they are in the source, and as they are in the CSV where a spreadsheet would compute them. */
const texts: (readonly [text: string, harmless?: string])[] = [
  ['plain'],
  ['a\nb'],
  ['a\r\nb'],
  ['a\rb'],
  ['\ttab', "'\ttab"],
  ['in\tside'],
  ['"quoted", and a comma'],
  ['"'],
  ['a\n\\.\nb'],
  ['\\.'],
  ['\\N'],
  ['NULL'],
  ['=1+1', "'=1+1"],
  ['+49 170', "'+49 170"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['＝1', "'＝1"],
  ['\n=1', "'\n=1"],
  ["'=1"],
  ['-5'],
  ['+5'],
  ['-5.25e3'],
  ['9223372036854775807'],
  ['-12345678901234567890.1234567890'],
  ['  spaces  '],
  ['żółć 🚀 \u202e'],
  ['\u001b[2J\u0001'],
];

test('the CSV of failures, read by another parser, is what the store has, cell by cell', async () => {
  const exact = ['9007199254740993', '1.10', '0.000000000000000000000000000001', '12345678901234567890.123'];
  const { failures } = await importRows(store, {
    workspace: inlet.workspace,
    columns: [
      'id',
      'email',
      column('big', 'bigint'),
      column('scale', 'numeric'),
      column('tiny', 'numeric'),
      column('data', 'json'),
      '=column, "quoted"\n',
    ],
    rows: [
      ...texts.map(([text]) => [text, `no address ${text}`, ...exact.slice(0, 3), `[${exact[3]}]`, text]),
      ...texts.map(([text], at) => [`${at}`, text, ...exact.slice(0, 3), `[${exact[3]}]`, null]),
      ['', null, null, null, null, null, ''],
      [null, '', null, null, null, null, null],
      ['u', null, null, null, null, '"\\u0000"', null],
    ],
  });
  expect(failures).toHaveLength(2 * texts.length + 3);

  const ran = await inlet.inlet('failures', 'customers', '--csv', 'failed.csv');
  expect(ran.stderr).toContain(`${failures.length} rows written to failed.csv.`);

  const client = await store.pool.connect();
  await client.query(`CREATE TEMP TABLE parsed (query text, row_number text, key text, reason text, message text,
    "column" text, value text, collides_with text, written text, row text)`);
  await pipeline(
    createReadStream(join(inlet.directory, 'failed.csv')),
    client.query(copyFrom('COPY parsed FROM STDIN (FORMAT csv, HEADER match)')),
  );
  const parsed = await client.query<Record<string, string | null>>(
    'SELECT * FROM parsed ORDER BY row_number::bigint',
  );
  client.release();

  const harmless = new Map(texts.map(([text, safe = text]) => [text, safe]));
  const shown = (text: string | null) => (text === null ? null : (harmless.get(text) ?? text));
  expect(parsed.rows).toEqual(
    failures.map((failure) => ({
      query: 'main',
      row_number: `${failure.rowNumber}`,
      key: shown(failure.key),
      reason: failure.reason,
      message: failure.message,
      column: failure.column,
      value: shown(failure.value),
      collides_with: null,
      written: failure.written,
      row: failure.row,
    })),
  );
  for (const { row } of parsed.rows.slice(0, texts.length))
    for (const number of exact) expect(row).toContain(number);
});
