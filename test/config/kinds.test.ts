import { describe, expect, test } from 'vitest';
import { fileWithSync, load, problemsOf } from './written-file.js';

const objects = { import: 'objects', objectType: 'company', identifyBy: '(none)' };
const related = (keys: string) => `{ ${keys} query: SELECT 1 }`;
const loaded = async (keys: Record<string, string>, change = (text: string) => text) =>
  (await load(change(fileWithSync(keys)))).syncs.get('customers');

describe('a sync of objects', () => {
  test('has a type, and no identifier', async () => {
    const definition = await loaded(objects);
    expect(definition).toMatchObject({ import: 'objects', objectType: 'company', mode: 'add-and-update' });
    expect(definition).not.toHaveProperty('identifyBy');
  });

  test.each([
    [
      'without objectType',
      { ...objects, objectType: '(none)' },
      '5:3 syncs.customers.objectType is missing: say what the objects are, as in objectType: company.',
    ],
    [
      'with identifyBy',
      { ...objects, identifyBy: 'id' },
      '8:5 syncs.customers.identifyBy is for people: objects are known by object_id. Remove it.',
    ],
    [
      'with a segment',
      { ...objects, segment: '{ name: x }' },
      '11:5 syncs.customers.segment is for people: a segment has no objects. Remove it.',
    ],
    ['with an empty type', { ...objects, objectType: '""' }, '10:17 syncs.customers.objectType is empty.'],
  ])('%s is refused', async (_, keys, problem) => {
    expect(await problemsOf(fileWithSync(keys))).toEqual([problem]);
  });

  test('a type on a sync of people is refused', async () => {
    expect(await problemsOf(fileWithSync({ objectType: 'company' }))).toEqual([
      '10:5 syncs.customers.objectType goes with import: objects; this sync imports people. Remove one.',
    ]);
  });
});

describe('relationships', () => {
  test('of a sync of people name them by its own identifier, unless said', async () => {
    expect(await loaded({ relationships: related('objectType: company,') })).toMatchObject({
      relationships: { objectType: 'company', identifyBy: 'id', query: 'SELECT 1' },
    });
    expect(await loaded({ relationships: related('objectType: company, identifyBy: email,') })).toMatchObject(
      { relationships: { identifyBy: 'email' } },
    );
  });

  test('of a sync of objects are of its own type, unless said', async () => {
    expect(await loaded({ ...objects, relationships: related('identifyBy: id,') })).toMatchObject({
      relationships: { objectType: 'company', identifyBy: 'id' },
    });
    expect(
      await loaded({ ...objects, relationships: related('identifyBy: id, objectType: team,') }),
    ).toMatchObject({ objectType: 'company', relationships: { objectType: 'team' } });
  });

  test('of a workspace with one identifier need not name it', async () => {
    const definition = await loaded({ ...objects, relationships: related('') }, (text) =>
      text.replace('{ name: acme }', '{ name: acme, identifiers: [email] }'),
    );
    expect(definition).toMatchObject({ relationships: { identifyBy: 'email' } });
  });

  test('may have their query in a file', async () => {
    const file = await load(
      fileWithSync({ relationships: '{ objectType: company, queryFile: sql/memberships.sql }' }),
      { 'sql/memberships.sql': 'SELECT 3' },
    );
    expect(file.syncs.get('customers')).toMatchObject({ relationships: { query: 'SELECT 3' } });
  });

  test.each([
    [
      'without a type, of people',
      { relationships: related('') },
      '10:5 syncs.customers.relationships.objectType is missing: say what the people are related to, as in objectType: company.',
    ],
    [
      'without an identifier, of objects',
      { ...objects, relationships: related('') },
      '11:5 syncs.customers.relationships.identifyBy is missing: the workspace has the identifiers id and email, so say which of them names the person, as in identifyBy: id.',
    ],
    [
      'without a query',
      { relationships: '{ objectType: company }' },
      '10:5 syncs.customers.relationships has no query. Write it below "query: |", or name its file with queryFile.',
    ],
    [
      'with another placeholder',
      { relationships: '{ objectType: company, query: "SELECT {{now}}" }' },
      '10:58 syncs.customers.relationships.query holds {{now}}; only {{last_sync_time}} is filled in. If it is text or an array, write "{ {".',
    ],
    [
      'with an unknown key',
      { relationships: related('objectType: company, identifiedBy: id,') },
      '10:43 Unknown key "identifiedBy" in syncs.customers.relationships; did you mean "identifyBy"?',
    ],
  ])('%s are refused', async (_, keys, problem) => {
    expect(await problemsOf(fileWithSync(keys))).toEqual([problem]);
  });
});

describe('a segment', () => {
  test('is not made and not mirrored, unless said', async () => {
    expect(await loaded({ segment: '{ name: CRM customers }' })).toMatchObject({
      segment: { name: 'CRM customers', create: false, mirror: false, allowEmpty: false },
    });
  });

  test.each([
    [
      'without a name',
      '{ create: true }',
      '10:5 syncs.customers.segment.name is missing; for example name: CRM customers.',
    ],
    [
      'that allows an empty result and is no mirror',
      '{ name: x, allowEmpty: true }',
      '10:25 syncs.customers.segment.allowEmpty goes with mirror: true: without it nobody leaves. Remove it.',
    ],
  ])('%s is refused', async (_, segment, problem) => {
    expect(await problemsOf(fileWithSync({ segment }))).toEqual([problem]);
  });

  test.each(['{{last_sync_time}}', '{{ last_sync_time }}'])(
    'that mirrors a query with %s is refused',
    async (placeholder) => {
      const keys = {
        query: `"SELECT id FROM c WHERE at > ${placeholder}"`,
        segment: '{ name: x, mirror: true }',
      };
      expect(await problemsOf(fileWithSync(keys))).toEqual([
        '10:33 syncs.customers.segment.mirror: the query has {{last_sync_time}}, so it asks for what changed, and people who are not in its result need not be gone. Ask for everybody, or remove mirror.',
      ]);
    },
  );

  test('may mirror while only the relationship query has {{last_sync_time}}', async () => {
    const keys = {
      segment: '{ name: x, mirror: true }',
      relationships: '{ objectType: company, query: "SELECT {{last_sync_time}}" }',
    };
    expect(await problemsOf(fileWithSync(keys))).toEqual([]);
  });
});
