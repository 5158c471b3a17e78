import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../store/migrate.js';
import { openStore, type Store } from '../../store/store.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { column, importRows, peopleOf } from '../support/store-import.js';

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await createDatabase('names');
  store = openStore(database.url, { max: 4 });
  await migrate(store);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

/** Every alias, column and CTE of our own statements, and some names that trip languages up. */
const names = [
  ...[
    'x',
    's',
    'm',
    'j',
    'k',
    'a',
    'p',
    'q',
    'c',
    'r',
    'f',
    'l',
    'st',
    'n',
    'c1',
    'j1',
    'key',
    'other',
    'level',
    'place',
  ],
  ...[
    'problem',
    'attributes',
    'removed',
    'row',
    'staged',
    'changes',
    'ctid',
    'xmin',
    'tableoid',
    'workspace_id',
  ],
  ...['*', '"', "'", '$1', '%s', '\\', ' ', 'ä', '__proto__', 'constructor', 'select'],
];

it.each([
  ['text', column('x', 'text'), '5', '5'],
  ['a number', column('x', 'bigint'), '5', 5],
  ['json', column('x', 'json'), '{"a": 1}', { a: 1 }],
  ['an array', column('x', 'text', true), '{p,q}', ['p', 'q']],
])('a column called x is an attribute like any other: %s', async (type, x, text, value) => {
  const id = `x is ${type}`;
  const { status, counts } = await importRows(store, {
    columns: ['id', 'plan', x],
    rows: [[id, 'gold', text]],
  });
  expect(status).toBe('Completed');
  expect(counts.added).toBe(1);
  const person = (await peopleOf(store)).find((each) => each.id === id);
  expect(person?.attributes).toEqual({ plan: 'gold', x: value });
});

it.each(names)(
  'a column called %s is an attribute like any other, and in the row of a failure',
  async (name) => {
    const workspace = `named ${name}`;
    const { counts, failures } = await importRows(store, {
      workspace,
      columns: ['id', name, 'plan'],
      rows: [
        ['1', 'value', 'gold'],
        ['', null, 'failed'],
      ],
    });
    expect(counts).toMatchObject({ rows: 2, added: 1, failed: 1 });
    expect((await peopleOf(store, workspace))[0]?.attributes).toEqual(
      Object.fromEntries([
        [name, 'value'],
        ['plan', 'gold'],
      ]),
    );
    expect(failures[0]?.row).toBe(`{"id":"",${JSON.stringify(name)}:null,"plan":"failed"}`);
  },
);
