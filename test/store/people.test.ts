import { expect, test } from 'vitest';
import { closeImport } from '../../store/end-import.js';
import { findPeople, IdentifierRefused, setIdentifier } from '../../store/people.js';
import { saveSync } from '../../store/workspaces.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { addPeople, definitionOf, peopleOf, settingsOf, stageImport } from '../support/store-import.js';

const database = useStore('people');

const ada = { id: '1', email: 'ada@x.io', attributes: {} };
const bob = { id: '2', email: 'Bob@x.io', attributes: {} };

async function workspaceWith(identifiers?: ('id' | 'email')[]): Promise<string> {
  const workspace = newWorkspace();
  const options = { workspace, columns: [], ...(identifiers && { identifiers }) };
  await saveSync(database.store, definitionOf(options), settingsOf(options));
  await addPeople(database.store, [ada, bob], workspace);
  return workspace;
}

test('a person is found by id exactly and by email regardless of case', async () => {
  const workspace = await workspaceWith();
  const found = async (text: string) =>
    (await findPeople(database.store, workspace, text)).map(({ id }) => id);
  expect(await found('1')).toEqual(['1']);
  expect(await found('bOB@x.io')).toEqual(['2']);
  expect(await found('3')).toEqual([]);
});

test('the attributes of a person are the exact text', async () => {
  const workspace = newWorkspace();
  const { store } = database;
  await addPeople(store, [ada], workspace);
  await store.pool.query(
    `UPDATE inlet.person SET attributes = '{"n": 9007199254740993.10}' WHERE workspace_id =
       (SELECT workspace_id FROM inlet.workspace WHERE name = $1)`,
    [workspace],
  );
  expect(await findPeople(store, workspace, '1')).toMatchObject([
    { attributes: '{"n": 9007199254740993.10}' },
  ]);
});

test('an identifier that is set can be changed by hand', async () => {
  const workspace = await workspaceWith();
  const change = { workspace, person: 'ADA@x.io', identifier: 'id' as const, value: '7' };
  expect(await setIdentifier(database.store, change)).toBe(true);
  expect(await peopleOf(database.store, workspace)).toEqual([{ ...ada, id: '7' }, bob]);
});

test('the spelling of an email can be changed by hand', async () => {
  const workspace = await workspaceWith();
  const change = { workspace, person: '1', identifier: 'email' as const, value: 'Ada@x.io' };
  expect(await setIdentifier(database.store, change)).toBe(true);
  expect(await setIdentifier(database.store, change)).toBe(false);
  expect(await peopleOf(database.store, workspace)).toEqual([{ ...ada, email: 'Ada@x.io' }, bob]);
});

test.each([
  [
    'of another',
    { identifier: 'email' as const, value: 'BOB@x.io' },
    'belongs to another person already: id 2 (Bob@x.io)',
  ],
  ['that is invalid', { identifier: 'email' as const, value: 'ada@' }, 'is not a valid email address'],
  [
    'that is too long',
    { identifier: 'id' as const, value: 'x'.repeat(151) },
    'longer than the limit of 150 bytes',
  ],
  ['that is blank', { identifier: 'id' as const, value: '\u00a0' }, 'can be changed, not cleared'],
])('an identifier %s is refused, and nothing changes', async (_, change, sentence) => {
  const workspace = await workspaceWith();
  await expect(setIdentifier(database.store, { workspace, person: '1', ...change })).rejects.toThrow(
    sentence,
  );
  expect(await peopleOf(database.store, workspace)).toEqual([ada, bob]);
});

test('an identifier that the workspace does not list is refused', async () => {
  const workspace = await workspaceWith(['id']);
  const change = { workspace, person: '1', identifier: 'email' as const, value: 'new@x.io' };
  await expect(setIdentifier(database.store, change)).rejects.toThrow('an ordinary attribute');
});

test('nobody by that name is said to be there', async () => {
  const workspace = await workspaceWith();
  const change = { workspace, person: '9', identifier: 'id' as const, value: '10' };
  await expect(setIdentifier(database.store, change)).rejects.toThrow('Nobody in the workspace');
});

test('nothing is set while an import of the workspace is open, and all is well after it', async () => {
  const workspace = await workspaceWith();
  const work = await stageImport(database.store, { workspace, columns: ['id'], rows: [['1']] });
  const change = { workspace, person: '1', identifier: 'id' as const, value: '7' };
  await expect(setIdentifier(database.store, change)).rejects.toThrow(IdentifierRefused);
  await expect(setIdentifier(database.store, change)).rejects.toThrow(/Import \d+ of "customers" is running/);
  await closeImport(database.store, work.key, { status: 'Canceled', reason: 'enough' });
  expect(await setIdentifier(database.store, change)).toBe(true);
});
