import { expect, test } from 'vitest';
import { newWorkspace, useStore } from '../support/store-database.js';
import { column, importRows, nonZero, type ImportOptions } from '../support/store-import.js';
import { objectsOf } from '../support/workspace-contents.js';

const database = useStore('objects');

const companies = (workspace: string, rows: ImportOptions['rows'], options: Partial<ImportOptions> = {}) =>
  importRows(database.store, {
    workspace,
    sync: 'companies',
    objectType: 'company',
    columns: ['object_id', 'name'],
    rows,
    ...options,
  });

test('objects are added, updated, and left alone where nothing changes', async () => {
  const workspace = newWorkspace();
  const first = await companies(workspace, [
    ['a', 'Acme'],
    ['b', 'Bolt'],
  ]);
  const second = await companies(workspace, [
    ['a', 'Acme'],
    ['b', null],
    ['c', 'Coil'],
  ]);
  expect(nonZero(first.counts)).toEqual({ rows: 2, added: 2 });
  expect(nonZero(second.counts)).toEqual({ rows: 3, added: 1, updated: 1, unchanged: 1 });
  expect(await objectsOf(database.store, workspace)).toEqual([
    { type: 'company', id: 'a', attributes: { name: 'Acme' } },
    { type: 'company', id: 'b', attributes: {} },
    { type: 'company', id: 'c', attributes: { name: 'Coil' } },
  ]);
});

test.each([
  ['add', { rows: 2, added: 1, skipped: 1 }, { a: 'old', b: 'new' }],
  ['update', { rows: 2, updated: 1, skipped: 1 }, { a: 'new' }],
  ['add-and-update', { rows: 2, added: 1, updated: 1 }, { a: 'new', b: 'new' }],
] as const)('mode %s', async (mode, counts, names) => {
  const workspace = newWorkspace();
  await companies(workspace, [['a', 'old']]);
  const rows = ['a', 'b'].map((id) => [id, 'new']);
  const ended = await companies(workspace, rows, { mode });
  expect(nonZero(ended.counts)).toEqual(counts);
  const there = await objectsOf(database.store, workspace);
  expect(Object.fromEntries(there.map(({ id, attributes }) => [id, attributes['name']]))).toEqual(names);
});

test('the key is exact, and the last row of each counts', async () => {
  const workspace = newWorkspace();
  const ended = await companies(workspace, [
    ['a', 'first'],
    ['A', 'other'],
    ['a ', 'other'],
    ['a', 'last'],
  ]);
  expect(nonZero(ended.counts)).toEqual({ rows: 4, added: 3, superseded: 1 });
  const there = await objectsOf(database.store, workspace);
  expect(there.map(({ id, attributes }) => [id, attributes['name']])).toEqual([
    ['A', 'other'],
    ['a', 'last'],
    ['a ', 'other'],
  ]);
});

test('a row fails by itself, says why, and neither supersedes nor writes', async () => {
  const workspace = newWorkspace();
  const ended = await companies(
    workspace,
    [
      ['a', '{}'],
      [' ', '{}'],
      ['x'.repeat(151), '{}'],
      ['a', '"\\u0000"'],
    ],
    { columns: ['object_id', column('data', 'json')] },
  );
  expect(nonZero(ended.counts)).toEqual({ rows: 4, added: 1, failed: 3 });
  expect(ended.status).toBe('Some Rows Failed');
  expect(
    ended.failures.map(({ rowNumber, column: name, reason, written }) => [rowNumber, name, reason, written]),
  ).toEqual([
    [2, 'object_id', 'blank_key', 'none'],
    [3, 'object_id', 'too_long', 'none'],
    [4, 'data', 'unstorable', 'none'],
  ]);
  expect(ended.failures[0]?.message).toBe(
    'The row has no object_id: the cell is empty or NULL, so no object can be found or added by it. Give it a value or leave the row out of the query.',
  );
});

test('identifiers of people are ordinary attributes, cio_id too, and types are apart', async () => {
  const workspace = newWorkspace();
  const columns = ['object_id', 'id', 'email', 'cio_id'];
  await companies(workspace, [['1', '7', 'a@@', 'x']], { columns });
  await companies(workspace, [['1', null, null, null]], { columns, objectType: 'Company', sync: 'other' });
  expect(await objectsOf(database.store, workspace)).toEqual([
    { type: 'Company', id: '1', attributes: {} },
    { type: 'company', id: '1', attributes: { id: '7', email: 'a@@', cio_id: 'x' } },
  ]);
});

test('an object that is not changed has no new version', async () => {
  const workspace = newWorkspace();
  const versions = async () =>
    (
      await database.store.pool.query<{ version: string }>(
        `SELECT o.xmin || ':' || o.ctid AS version FROM inlet.object o JOIN inlet.object_type t USING (object_type_id)
         JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1`,
        [workspace],
      )
    ).rows;
  const rows = [['a', '1.0']];
  const columns = ['object_id', column('size', 'numeric')];
  await companies(workspace, rows, { columns });
  const before = await versions();
  const ended = await companies(workspace, [['a', '1.00']], { columns });
  expect(nonZero(ended.counts)).toEqual({ rows: 1, unchanged: 1 });
  expect(await versions()).toEqual(before);
});
