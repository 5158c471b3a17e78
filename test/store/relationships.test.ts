import { describe, expect, test } from 'vitest';
import type { SyncDefinition } from '../../config/sync-definition.js';
import type { RelationshipCounts } from '../../store/records.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { addPeople, column, importRows, type ImportOptions, type Person } from '../support/store-import.js';
import { relationshipsOf } from '../support/workspace-contents.js';

const database = useStore('relationships');

const person = (id: string | null, email: string | null): Person => ({ id, email, attributes: {} });
type Related = NonNullable<ImportOptions['relationships']>;

/** A workspace with people 1 (a@x.io) and 2 (b@x.io), and companies acme and bolt. */
async function workspaceWithBoth(): Promise<string> {
  const workspace = newWorkspace();
  await addPeople(database.store, [person('1', 'a@x.io'), person('2', 'b@x.io')], workspace);
  await importRows(database.store, {
    workspace,
    sync: 'companies',
    objectType: 'company',
    columns: ['object_id'],
    rows: [['acme'], ['bolt']],
  });
  return workspace;
}

/** Imports relationship rows beside a main query that gives none. */
async function related(workspace: string, options: Partial<Related>, more: Partial<ImportOptions> = {}) {
  return await importRows(database.store, {
    workspace,
    columns: ['id'],
    rows: [],
    relationships: {
      objectType: 'company',
      identifyBy: 'id',
      columns: ['id', 'object_id'],
      rows: [],
      ...options,
    },
    ...more,
  });
}

const nonZero = (counts: RelationshipCounts | null) =>
  Object.fromEntries(Object.entries(counts ?? {}).filter(([, count]) => count > 0));

describe('a relationship', () => {
  test('is set, changed, left alone and removed, with attributes of its own', async () => {
    const workspace = await workspaceWithBoth();
    const columns = ['id', 'object_id', 'role', 'deleted'];
    const set = async (rows: Related['rows']) =>
      nonZero((await related(workspace, { columns, rows })).relationships);
    expect(
      await set([
        ['1', 'acme', 'owner', null],
        ['1', 'bolt', null, 'f'],
        ['2', 'acme', 'member', 'f'],
      ]),
    ).toEqual({ rows: 3, related: 3 });
    expect(await relationshipsOf(database.store, workspace)).toEqual([
      { object: 'company/acme', person: '1', attributes: { role: 'owner' } },
      { object: 'company/acme', person: '2', attributes: { role: 'member' } },
      { object: 'company/bolt', person: '1', attributes: {} },
    ]);
    expect(
      await set([
        ['1', 'acme', 'owner', 'f'],
        ['1', 'bolt', 'admin', 'f'],
        ['2', 'acme', 'ignored', 't'],
      ]),
    ).toEqual({ rows: 3, unchanged: 1, changed: 1, removed: 1 });
    expect(await relationshipsOf(database.store, workspace)).toEqual([
      { object: 'company/acme', person: '1', attributes: { role: 'owner' } },
      { object: 'company/bolt', person: '1', attributes: { role: 'admin' } },
    ]);
  });

  test('keeps attributes that the query does not have, and loses those that are NULL', async () => {
    const workspace = await workspaceWithBoth();
    await related(workspace, {
      columns: ['id', 'object_id', 'role', 'desk'],
      rows: [['1', 'acme', 'owner', '7']],
    });
    await related(workspace, { columns: ['id', 'object_id', 'role'], rows: [['1', 'acme', null]] });
    expect(await relationshipsOf(database.store, workspace)).toEqual([
      { object: 'company/acme', person: '1', attributes: { desk: '7' } },
    ]);
  });

  test.each(['t', 'TRUE', 'yes', 'Y', 'on', '1'])('is removed where deleted is %s', async (deleted) => {
    const workspace = await workspaceWithBoth();
    await related(workspace, { rows: [['1', 'acme']] });
    const columns = ['id', 'object_id', 'deleted'];
    const { relationships } = await related(workspace, { columns, rows: [['1', 'acme', deleted]] });
    expect(nonZero(relationships)).toEqual({ rows: 1, removed: 1 });
  });

  test.each(['f', 'False', 'NO', 'n', 'off', '0', null])('is set where deleted is %s', async (deleted) => {
    const workspace = await workspaceWithBoth();
    const columns = ['id', 'object_id', 'deleted'];
    const { relationships } = await related(workspace, { columns, rows: [['1', 'acme', deleted]] });
    expect(nonZero(relationships)).toEqual({ rows: 1, related: 1 });
  });

  test.each(['', ' ', 'maybe', '2', ' true', 'o'])(
    'is neither where deleted is "%s": the row fails',
    async (deleted) => {
      const workspace = await workspaceWithBoth();
      const columns = ['id', 'object_id', 'deleted'];
      const { relationships, failures } = await related(workspace, {
        columns,
        rows: [['1', 'acme', deleted]],
      });
      expect(nonZero(relationships)).toEqual({ rows: 1, failed: 1 });
      expect(failures).toMatchObject([
        {
          query: 'relationships',
          rowNumber: 1,
          key: '1',
          column: 'deleted',
          value: deleted,
          reason: 'invalid_deleted',
        },
      ]);
    },
  );

  test('that is not there is removed without a word: unchanged', async () => {
    const workspace = await workspaceWithBoth();
    const { relationships, status } = await related(workspace, {
      columns: ['id', 'object_id', 'deleted'],
      rows: [
        ['1', 'acme', 't'],
        ['9', 'acme', 't'],
        ['1', 'nowhere', 't'],
      ],
    });
    expect(nonZero(relationships)).toEqual({ rows: 3, unchanged: 3 });
    expect(status).toBe('Completed');
  });

  test('of a row that removes it does not care for other columns, even if one can not be stored', async () => {
    const workspace = await workspaceWithBoth();
    await related(workspace, { rows: [['1', 'acme']] });
    const { relationships } = await related(workspace, {
      columns: ['id', 'object_id', 'deleted', column('data', 'json')],
      rows: [
        ['1', 'acme', 't', '"\\u0000"'],
        ['2', 'acme', 'f', '"\\u0000"'],
      ],
    });
    expect(nonZero(relationships)).toEqual({ rows: 2, removed: 1, failed: 1 });
  });
});

describe('a relationship row', () => {
  test('fails without its object, else without its person, and says which', async () => {
    const workspace = await workspaceWithBoth();
    const ended = await related(workspace, {
      rows: [
        ['1', 'nowhere'],
        ['9', 'acme'],
        ['9', 'nowhere'],
        ['1', 'acme'],
      ],
    });
    expect(nonZero(ended.relationships)).toEqual({ rows: 4, related: 1, failed: 3 });
    expect(ended.status).toBe('Some Rows Failed');
    expect(ended.counts.rows).toBe(0);
    expect(ended.failures).toMatchObject([
      {
        rowNumber: 1,
        column: 'object_id',
        value: 'nowhere',
        reason: 'no_such_object',
        message:
          'There is no object "nowhere" of the type "company". Import it first, or leave the row out of the query.',
        written: 'none',
        row: '{"id":"1","object_id":"nowhere"}',
      },
      {
        rowNumber: 2,
        column: 'id',
        value: '9',
        reason: 'no_such_person',
        message: 'There is no person with the id "9". Import them first, or leave the row out of the query.',
      },
      { rowNumber: 3, reason: 'no_such_object' },
    ]);
  });

  test.each([
    [[null, 'acme'], 'id', 'blank_key'],
    [['1', ' '], 'object_id', 'blank_key'],
    [['x'.repeat(151), 'acme'], 'id', 'too_long'],
    [['1', 'é'.repeat(76)], 'object_id', 'too_long'],
    [[null, null], 'object_id', 'blank_key'],
  ])('fails by itself: %j', async (row, name, reason) => {
    const workspace = await workspaceWithBoth();
    const { failures } = await related(workspace, { rows: [row] });
    expect(failures).toMatchObject([{ column: name, reason, written: 'none' }]);
  });

  test('names its person by email regardless of case, and an email that is none fails', async () => {
    const workspace = await workspaceWithBoth();
    const ended = await related(workspace, {
      identifyBy: 'email',
      columns: ['email', 'object_id', 'role'],
      rows: [
        ['A@X.io', 'acme', 'first'],
        ['a@', 'acme', null],
        ['a@x.IO', 'acme', 'last'],
      ],
    });
    expect(nonZero(ended.relationships)).toEqual({ rows: 3, related: 1, superseded: 1, failed: 1 });
    expect(ended.failures).toMatchObject([{ rowNumber: 2, column: 'email', reason: 'invalid_email' }]);
    expect(await relationshipsOf(database.store, workspace)).toMatchObject([
      { attributes: { role: 'last' } },
    ]);
  });

  test('of a repeated pair counts if it is the last that does not fail by itself', async () => {
    const workspace = await workspaceWithBoth();
    const ended = await related(workspace, {
      columns: ['id', 'object_id', 'deleted', 'role'],
      rows: [
        ['1', 'acme', 't', null],
        ['1', 'acme', null, 'owner'],
        ['1', 'acme', 'maybe', 'never'],
        ['1', 'bolt', null, null],
      ],
    });
    expect(nonZero(ended.relationships)).toEqual({ rows: 4, related: 2, superseded: 1, failed: 1 });
    expect(await relationshipsOf(database.store, workspace)).toMatchObject([
      { object: 'company/acme', attributes: { role: 'owner' } },
      { object: 'company/bolt', attributes: {} },
    ]);
  });

  test('does not read the other identifier, unless the workspace has only one: then it is an attribute', async () => {
    const workspace = await workspaceWithBoth();
    const columns = ['id', 'object_id', 'email'];
    await related(workspace, { columns, rows: [['1', 'acme', 'not even an email']] });
    expect(await relationshipsOf(database.store, workspace)).toMatchObject([{ attributes: {} }]);

    const other = newWorkspace();
    const only: Partial<ImportOptions> = { identifiers: ['id'] };
    await importRows(database.store, { workspace: other, columns: ['id'], rows: [['1']], ...only });
    await importRows(database.store, {
      workspace: other,
      sync: 'companies',
      objectType: 'company',
      columns: ['object_id'],
      rows: [['acme']],
      relationships: { objectType: 'company', identifyBy: 'id', columns, rows: [['1', 'acme', 'x']] },
      ...only,
    });
    expect(await relationshipsOf(database.store, other)).toMatchObject([{ attributes: { email: 'x' } }]);
  });
});

describe('the relationship query', () => {
  test.each(['people', 'objects'] as const)('may speak of %s that the same import adds', async (kind) => {
    const workspace = await workspaceWithBoth();
    const ids = Array.from({ length: 40 }, (_, at) => `new${at}`);
    const isPeople = kind === 'people';
    const main: SyncDefinition['import'] = kind;
    const ended = await importRows(database.store, {
      workspace,
      sync: main,
      ...(!isPeople && { objectType: 'company' }),
      columns: [isPeople ? 'id' : 'object_id'],
      rows: ids.map((id) => [id]),
      relationships: {
        objectType: 'company',
        identifyBy: 'id',
        columns: ['id', 'object_id'],
        rows: ids.map((id) => (isPeople ? [id, 'acme'] : ['1', id])),
      },
      lanes: 4,
      sparse: true,
    });
    expect(ended.counts).toMatchObject({ rows: 40, added: 40 });
    expect(nonZero(ended.relationships)).toEqual({ rows: 40, related: 40 });
  });

  test('has its failures after those of the main query, and the first of both are kept', async () => {
    const workspace = await workspaceWithBoth();
    const ended = await importRows(database.store, {
      workspace,
      keepFailures: 3,
      columns: ['id'],
      rows: [[null], ['5'], [null]],
      relationships: {
        objectType: 'company',
        identifyBy: 'id',
        columns: ['id', 'object_id'],
        rows: Array.from({ length: 12 }, () => ['1', null]),
      },
      sparse: true,
    });
    expect(ended.failures.map(({ query, rowNumber }) => `${query} ${rowNumber}`)).toEqual([
      'main 1',
      'main 3',
      'relationships 1',
    ]);
    expect(nonZero(ended.relationships)).toEqual({ rows: 12, failed: 12 });
    expect(ended.status).toBe('Some Rows Failed');
  });

  test('speaks of the objects of its type only, and of this workspace', async () => {
    const workspace = await workspaceWithBoth();
    await workspaceWithBoth();
    const ended = await related(workspace, { objectType: 'team', rows: [['1', 'acme']] });
    expect(ended.failures).toMatchObject([{ reason: 'no_such_object' }]);
  });

  test('that gives no row has counts of nothing, and a sync without one has none', async () => {
    const workspace = await workspaceWithBoth();
    expect((await related(workspace, {})).relationships).toMatchObject({ rows: 0, related: 0 });
    const without = await importRows(database.store, { workspace, columns: ['id'], rows: [] });
    expect(without.relationships).toBeNull();
  });
});
