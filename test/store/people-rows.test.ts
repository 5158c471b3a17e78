import { describe, expect, test } from 'vitest';
import { countFailures, countKeptFailures } from '../../store/failures.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import {
  addPeople,
  column,
  importRows,
  nonZero,
  peopleOf,
  type ImportOptions,
  type ImportOutcome,
  type Person,
} from '../support/store-import.js';

const database = useStore('people_rows');

const person = (
  id: string | null,
  email: string | null,
  attributes: Record<string, unknown> = {},
): Person => ({
  id,
  email,
  attributes,
});

/** Imports rows into a workspace with these people. */
async function imported(
  options: ImportOptions,
  there: Person[] = [],
): Promise<ImportOutcome & { people: Person[] }> {
  const workspace = newWorkspace();
  await addPeople(database.store, there, workspace);
  const ended = await importRows(database.store, { workspace, ...options });
  return { ...ended, people: await peopleOf(database.store, workspace) };
}

const failuresOf = ({ failures }: ImportOutcome) =>
  failures.map(({ rowNumber, column: name, reason, written }) => [rowNumber, name, reason, written]);

describe('a row by itself', () => {
  test.each([
    ['NULL', null],
    ['empty', ''],
    ['white space', ' \t\n'],
    ['a no-break space', '\u00a0'],
    ['an ideographic space', '\u3000'],
  ])('fails if its key is %s', async (_, key) => {
    const outcome = await imported({ columns: ['id', 'email'], rows: [[key, 'a@x.io']] });
    expect(failuresOf(outcome)).toEqual([[1, 'id', 'blank_key', 'none']]);
    expect(outcome.failures[0]).toMatchObject({ key, value: key });
    expect(outcome.people).toEqual([]);
  });

  test('has a key of a zero-width space: that is not blank, and nothing is trimmed', async () => {
    const { people } = await imported({ columns: ['id'], rows: [['\u200b'], [' 1'], ['1']] });
    expect(people.map(({ id }) => id)).toEqual(['\u200b', ' 1', '1']);
  });

  test('fails if its email is no address, and the email is the key', async () => {
    const outcome = await imported({ identifyBy: 'email', columns: ['email'], rows: [['a@'], ['b@x.io']] });
    expect(failuresOf(outcome)).toEqual([[1, 'email', 'invalid_email', 'none']]);
    expect(outcome.people).toEqual([person(null, 'b@x.io')]);
  });

  test.each([
    ['root@localhost'],
    ['"a b"@x.io'],
    ['a@[999.999.999.999]'],
    [`${'l'.repeat(200)}@x`],
    ["o'brien+tag@x.io"],
    ['"\\""@x.io'],
  ])('may have the email %s', async (email) => {
    const { counts } = await imported({ identifyBy: 'email', columns: ['email'], rows: [[email]] });
    expect(nonZero(counts)).toEqual({ rows: 1, added: 1 });
  });

  test.each([
    ['ä@x.io'],
    ['a@x.io '],
    [' a@x.io'],
    ['a@x..io'],
    ['.a@x.io'],
    ['a b@x.io'],
    ['a@x.io\n'],
    ['a(comment)@x.io'],
    ['"a\nb"@x.io'],
    ['a@x.io@x.io'],
    ['@x.io'],
    ['a@[x]y'],
    ['a'],
  ])('may not have the email %j', async (email) => {
    const outcome = await imported({ identifyBy: 'email', columns: ['email'], rows: [[email]] });
    expect(failuresOf(outcome)).toEqual([[1, 'email', 'invalid_email', 'none']]);
  });

  test('is limited to an id of 150 bytes and an email of 254 characters', async () => {
    const longest = `${'l'.repeat(249)}@x.io`;
    const outcome = await imported({
      columns: ['id', 'email'],
      rows: [
        ['x'.repeat(150), longest],
        ['é'.repeat(75), null],
        [`${'é'.repeat(75)}x`, null],
        ['4', `l${longest}`],
        ['5', `l${longest}@`],
      ],
    });
    expect(failuresOf(outcome)).toEqual([
      [3, 'id', 'too_long', 'none'],
      [4, 'email', 'too_long', 'person'],
      [5, 'email', 'too_long', 'person'],
    ]);
  });

  test('that fails neither supersedes nor is superseded', async () => {
    const outcome = await imported({
      columns: ['id', column('data', 'json')],
      rows: [
        ['1', '"\\u0000"'],
        ['1', '1'],
        ['1', '"\\u0000"'],
      ],
    });
    expect(nonZero(outcome.counts)).toEqual({ rows: 3, added: 1, failed: 2 });
    expect(outcome.people).toEqual([person('1', null, { data: 1 })]);
  });

  test('is superseded by the last of its key, which alone counts', async () => {
    const outcome = await imported({
      columns: ['id', 'email', 'plan', 'city'],
      rows: [
        ['1', 'taken@x.io', 'a', 'Rome'],
        ['2', 'taken@x.io', 'b', null],
        ['1', null, 'c', null],
      ],
    });
    expect(nonZero(outcome.counts)).toEqual({ rows: 3, added: 2, superseded: 1 });
    expect(outcome.people).toEqual(
      expect.arrayContaining([person('1', null, { plan: 'c' }), person('2', 'taken@x.io', { plan: 'b' })]),
    );
  });

  test('is superseded by an email that differs only by case', async () => {
    const outcome = await imported({
      identifyBy: 'email',
      columns: ['email', 'plan'],
      rows: [
        ['A@x.io', 'old'],
        ['a@X.io', 'new'],
      ],
    });
    expect(nonZero(outcome.counts)).toEqual({ rows: 2, added: 1, superseded: 1 });
    expect(outcome.people).toEqual([person(null, 'a@X.io', { plan: 'new' })]);
  });
});

describe('the order of the query', () => {
  test('decides who gets an email that two new people want', async () => {
    const outcome = await imported({
      columns: ['id', 'email'],
      rows: [
        ['2', 'a@x.io'],
        ['1', 'A@x.io'],
      ],
    });
    expect(outcome.people).toEqual([person('2', 'a@x.io'), person('1', null)]);
    expect(outcome.failures).toMatchObject([
      { rowNumber: 2, reason: 'belongs_to_another', collidesWith: 'id 2 (a@x.io)', written: 'person' },
    ]);
  });

  const two = [person('1', 'one@x.io'), person('2', 'two@x.io')];
  const moving: Pick<ImportOptions, 'columns' | 'allowEmailUpdatesUsingId'> = {
    columns: ['id', 'email'],
    allowEmailUpdatesUsingId: true,
  };

  test('lets a row take the email that an earlier row gave up', async () => {
    const outcome = await imported(
      {
        ...moving,
        rows: [
          ['1', 'new@x.io'],
          ['2', 'one@x.io'],
        ],
      },
      two,
    );
    expect(outcome.people).toEqual([person('1', 'new@x.io'), person('2', 'one@x.io')]);
  });

  test('gives what an earlier row gave up to the first who wants it, and refuses the others', async () => {
    const outcome = await imported(
      {
        ...moving,
        rows: [
          ['1', 'new@x.io'],
          ['2', 'old@x.io'],
          ['3', 'old@x.io'],
          ['4', 'old@x.io'],
        ],
        chunkRows: 100,
      },
      [person('1', 'old@x.io')],
    );
    expect(nonZero(outcome.counts)).toEqual({ rows: 4, updated: 1, added: 1, failed: 2 });
    expect(outcome.people.map(({ id, email }) => [id, email])).toEqual([
      ['1', 'new@x.io'],
      ['2', 'old@x.io'],
      ['3', null],
      ['4', null],
    ]);
  });

  test('refuses the email that only a later row gives up', async () => {
    const outcome = await imported(
      {
        ...moving,
        rows: [
          ['2', 'one@x.io'],
          ['1', 'new@x.io'],
        ],
      },
      two,
    );
    expect(outcome.people).toEqual([person('1', 'new@x.io'), person('2', 'two@x.io')]);
    expect(failuresOf(outcome)).toEqual([[1, 'email', 'belongs_to_another', 'none']]);
  });

  test('refuses two people who swap their emails', async () => {
    const outcome = await imported(
      {
        ...moving,
        rows: [
          ['1', 'two@x.io'],
          ['2', 'one@x.io'],
        ],
      },
      two,
    );
    expect(outcome.people).toEqual(two);
    expect(nonZero(outcome.counts)).toEqual({ rows: 2, failed: 2 });
  });

  test('moves a chain of emails along, over any number of chunks and connections', async () => {
    const size = 200;
    const chain = Array.from({ length: size }, (_, at) => person(`${at}`, `p${at}@x.io`));
    const outcome = await imported(
      {
        ...moving,
        columns: [...moving.columns, 'pad'],
        // Each takes the email of the one before, which has just given it up.
        rows: chain.map((_, at) => [`${at}`, at === 0 ? 'first@x.io' : `p${at - 1}@x.io`, 'p'.repeat(400)]),
        chunkRows: 7,
        lanes: 4,
        sparse: true,
      },
      chain,
    );
    expect(nonZero(outcome.counts)).toEqual({ rows: size, updated: size });
    expect(outcome.people.map(({ email }) => email)).toEqual([
      'first@x.io',
      ...chain.slice(0, -1).map(({ email }) => email),
    ]);
  });

  test('claims a person without a key once; the next row is of that person no more', async () => {
    const outcome = await imported(
      {
        columns: ['id', 'email'],
        rows: [
          ['1', 'a@x.io'],
          ['2', 'a@x.io'],
        ],
      },
      [person(null, 'a@x.io')],
    );
    expect(outcome.people).toEqual([person('1', 'a@x.io'), person('2', null)]);
    expect(outcome.failures).toMatchObject([{ rowNumber: 2, collidesWith: 'id 1 (a@x.io)' }]);
  });
});

describe('attributes', () => {
  test('are left alone where the query lacks them, removed by NULL, and kept when empty', async () => {
    const outcome = await imported(
      { columns: ['id', 'plan', 'city', column('data', 'json')], rows: [['1', null, '', 'null']] },
      [person('1', null, { plan: 'gold', kept: true, data: { a: 1 } })],
    );
    expect(outcome.people).toEqual([person('1', null, { kept: true, city: '' })]);
    expect(nonZero(outcome.counts)).toEqual({ rows: 1, updated: 1 });
  });

  test('inside of json keep their nulls', async () => {
    const { people } = await imported({
      columns: ['id', column('data', 'json')],
      rows: [['1', '{"a": null, "b": [null]}']],
    });
    expect(people).toEqual([person('1', null, { data: { a: null, b: [null] } })]);
  });

  test('that are the same write nothing', async () => {
    const workspace = newWorkspace();
    const { store } = database;
    const before = await addPeople(store, [person('1', 'a@x.io', { n: 1, plan: 'gold' })], workspace);
    const { counts } = await importRows(store, {
      workspace,
      columns: ['id', 'email', 'plan', column('n', 'numeric'), 'none'],
      rows: [['1', 'A@X.IO', 'gold', '1.00', null]],
    });
    expect(nonZero(counts)).toEqual({ rows: 1, unchanged: 1 });
    const { rows } = await store.pool.query<{ version: string }>(
      `SELECT p.person_id || ':' || p.xmin AS version
       FROM inlet.person p JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1`,
      [workspace],
    );
    expect(new Set(rows.map(({ version }) => version))).toEqual(before);
  });
});

test('an identifier that the workspace does not list is an ordinary attribute', async () => {
  const outcome = await imported({
    identifiers: ['id'],
    columns: ['id', 'email'],
    rows: [
      ['1', 'not an address'],
      ['2', 'not an address'],
    ],
  });
  expect(nonZero(outcome.counts)).toEqual({ rows: 2, added: 2 });
  expect(outcome.people).toEqual([
    person('1', null, { email: 'not an address' }),
    person('2', null, { email: 'not an address' }),
  ]);
});

test('a row that is refused again, and changes nothing, wrote nothing', async () => {
  const outcome = await imported({ columns: ['id', 'email', 'plan'], rows: [['1', 'new@x.io', 'gold']] }, [
    person('1', 'old@x.io', { plan: 'gold' }),
  ]);
  expect(failuresOf(outcome)).toEqual([[1, 'email', 'already_set', 'none']]);
});

test('a failure has the row as it came, and a sentence that says what to do', async () => {
  const { failures } = await imported({
    columns: ['plan', 'id', column('n', 'numeric'), 'email'],
    rows: [['gold', '1', '1.50', 'a@']],
  });
  expect(failures).toEqual([
    {
      query: 'main',
      rowNumber: 1,
      key: '1',
      column: 'email',
      value: 'a@',
      reason: 'invalid_email',
      message:
        '"a@" is not a valid email address (RFC 5322). Correct it in the source. The person was added without this email.',
      collidesWith: null,
      written: 'person',
      row: '{"plan":"gold","id":"1","n":1.50,"email":"a@"}',
    },
  ]);
});

test('the first failures of an import are kept, and the counts are exact beyond, by reason too', async () => {
  const workspace = newWorkspace();
  const outcome = await imported({
    workspace,
    columns: ['id', 'pad'],
    rows: Array.from({ length: 40 }, (_, at) => [at % 2 === 0 ? '' : `${at}`, 'p'.repeat(400)]),
    keepFailures: 5,
    chunkRows: 3,
    lanes: 4,
    sparse: true,
  });
  expect(nonZero(outcome.counts)).toEqual({ rows: 40, added: 20, failed: 20 });
  expect(outcome.failures.map(({ rowNumber }) => rowNumber)).toEqual([1, 3, 5, 7, 9]);
  const ref = { workspace, sync: outcome.sync, number: outcome.number };
  expect(await countKeptFailures(database.store, ref)).toBe(5);
  expect(await countFailures(database.store, ref)).toEqual([
    { query: 'main', reason: 'blank_key', count: 20 },
  ]);
});

test('people added by rows that fail are shown beside those added', async () => {
  const outcome = await imported({
    columns: ['id', 'email'],
    rows: [
      ['1', 'a@'],
      ['2', null],
    ],
  });
  expect(nonZero(outcome.counts)).toEqual({ rows: 2, added: 1, failed: 1 });
  const { rows } = await database.store.pool.query<{ count: number }>(
    'SELECT added_by_failed AS count FROM inlet.imports WHERE number = $1',
    [outcome.number],
  );
  expect(rows).toEqual([{ count: 1 }]);
});
