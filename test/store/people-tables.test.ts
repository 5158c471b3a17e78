import { describe, expect, test } from 'vitest';
import type { Mode } from '../../config/sync-definition.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { addPeople, importRows, nonZero, peopleOf, type Person } from '../support/store-import.js';

const database = useStore('people_tables');

type Identifier = 'id' | 'email';
const modes: Mode[] = ['add', 'update', 'add-and-update'];

const person = (id: string | null, email: string | null, plan = 'old'): Person => ({
  id,
  email,
  attributes: { plan },
});

/** What one row with plan `new` comes to; a string names the outcome that leaves everybody as they were. */
type Expected =
  | 'skipped'
  | { outcome: 'added' | 'updated'; people: Person[] }
  | { refused: string; collidesWith?: string; written: 'person' | 'attributes'; people: Person[] };

interface Cell {
  rule: string;
  identifyBy: Identifier;
  there: Person[];
  /** The row's id and email. */
  row: [string | null, string | null];
  allow?: boolean;
  expected: Record<Mode, Expected>;
}

const everyMode = (expected: Expected): Record<Mode, Expected> => ({
  add: expected,
  update: expected,
  'add-and-update': expected,
});
const unlessUpdate = (expected: Expected) => ({ ...everyMode(expected), update: 'skipped' as const });
const unlessAdd = (expected: Expected) => ({ ...everyMode(expected), add: 'skipped' as const });

const q = person('9', 'q@x.io');
const anonymous = person(null, 'q@x.io');
const nameless = person('9', null);
const long = `${'l'.repeat(250)}@x.io`;

const firstTable: Cell[] = [
  {
    rule: 'nobody has the key, the other identifier is none',
    identifyBy: 'id',
    there: [q],
    row: ['1', null],
    expected: unlessUpdate({ outcome: 'added', people: [q, person('1', null, 'new')] }),
  },
  {
    rule: 'nobody has the key, the other identifier is blank',
    identifyBy: 'id',
    there: [],
    row: ['1', ' \u00a0'],
    expected: unlessUpdate({ outcome: 'added', people: [person('1', null, 'new')] }),
  },
  {
    rule: 'nobody has the key, the other identifier is free',
    identifyBy: 'id',
    there: [q],
    row: ['1', 'a@x.io'],
    expected: unlessUpdate({ outcome: 'added', people: [q, person('1', 'a@x.io', 'new')] }),
  },
  {
    rule: 'nobody has the key, the other identifier is free (by email)',
    identifyBy: 'email',
    there: [q],
    row: ['1', 'a@x.io'],
    expected: unlessUpdate({ outcome: 'added', people: [q, person('1', 'a@x.io', 'new')] }),
  },
  {
    rule: 'nobody has the key, the email is invalid',
    identifyBy: 'id',
    there: [],
    row: ['1', 'a@'],
    expected: unlessUpdate({
      refused: 'invalid_email',
      written: 'person',
      people: [person('1', null, 'new')],
    }),
  },
  {
    rule: 'nobody has the key, the email is over its limit',
    identifyBy: 'id',
    there: [],
    row: ['1', long],
    expected: unlessUpdate({ refused: 'too_long', written: 'person', people: [person('1', null, 'new')] }),
  },
  {
    rule: 'nobody has the key, the id is over its limit (by email)',
    identifyBy: 'email',
    there: [],
    row: ['é'.repeat(76), 'a@x.io'],
    expected: unlessUpdate({
      refused: 'too_long',
      written: 'person',
      people: [person(null, 'a@x.io', 'new')],
    }),
  },
  {
    rule: 'nobody has the key, the email is of a person without an id: who takes the key',
    identifyBy: 'id',
    there: [anonymous],
    row: ['1', 'Q@x.io'],
    expected: unlessAdd({ outcome: 'updated', people: [person('1', 'q@x.io', 'new')] }),
  },
  {
    rule: 'nobody has the key, the id is of a person without an email: who takes the key (by email)',
    identifyBy: 'email',
    there: [nameless],
    row: ['9', 'a@x.io'],
    expected: unlessAdd({ outcome: 'updated', people: [person('9', 'a@x.io', 'new')] }),
  },
  {
    rule: 'nobody has the key, the email is of a person with another id',
    identifyBy: 'id',
    there: [q],
    row: ['1', 'Q@X.IO'],
    expected: unlessUpdate({
      refused: 'belongs_to_another',
      collidesWith: 'id 9 (q@x.io)',
      written: 'person',
      people: [q, person('1', null, 'new')],
    }),
  },
  {
    rule: 'nobody has the key, the id is of a person with another email (by email)',
    identifyBy: 'email',
    there: [q],
    row: ['9', 'a@x.io'],
    expected: unlessUpdate({
      refused: 'belongs_to_another',
      collidesWith: 'id 9 (q@x.io)',
      written: 'person',
      people: [q, person(null, 'a@x.io', 'new')],
    }),
  },
];

const p = person('1', 'p@x.io');
const p1 = person('1', 'p@x.io', 'new');

const secondTable: Cell[] = [
  {
    rule: 'the other identifier is none',
    identifyBy: 'id',
    there: [p],
    row: ['1', null],
    expected: unlessAdd({ outcome: 'updated', people: [p1] }),
  },
  {
    rule: 'the other identifier is blank: none never clears',
    identifyBy: 'id',
    there: [p],
    row: ['1', '\t'],
    expected: unlessAdd({ outcome: 'updated', people: [p1] }),
  },
  {
    rule: 'the email is the same regardless of case: the stored spelling stays',
    identifyBy: 'id',
    there: [p],
    row: ['1', 'P@x.io'],
    expected: unlessAdd({ outcome: 'updated', people: [p1] }),
  },
  {
    rule: 'the key is the same regardless of case: the stored spelling stays (by email)',
    identifyBy: 'email',
    there: [p],
    row: ['1', 'P@X.io'],
    expected: unlessAdd({ outcome: 'updated', people: [p1] }),
  },
  {
    rule: 'the id differs by case: it is another (by email)',
    identifyBy: 'email',
    there: [person('a', 'p@x.io')],
    row: ['A', 'p@x.io'],
    expected: unlessAdd({
      refused: 'already_set',
      written: 'attributes',
      people: [person('a', 'p@x.io', 'new')],
    }),
  },
  {
    rule: 'the email is invalid, though one is set already',
    identifyBy: 'id',
    there: [p],
    row: ['1', 'a b@x.io'],
    expected: unlessAdd({ refused: 'invalid_email', written: 'attributes', people: [p1] }),
  },
  {
    rule: 'the email is over its limit, and invalid too',
    identifyBy: 'id',
    there: [person('1', null)],
    row: ['1', `@${long}`],
    expected: unlessAdd({ refused: 'too_long', written: 'attributes', people: [person('1', null, 'new')] }),
  },
  {
    rule: 'the other identifier is of another, though one is set already',
    identifyBy: 'id',
    there: [p, q],
    row: ['1', 'q@x.io'],
    allow: true,
    expected: unlessAdd({
      refused: 'belongs_to_another',
      collidesWith: 'id 9 (q@x.io)',
      written: 'attributes',
      people: [p1, q],
    }),
  },
  {
    rule: 'the email is of a person without an id: who stays, for the key has somebody',
    identifyBy: 'id',
    there: [person('1', null), anonymous],
    row: ['1', 'q@x.io'],
    expected: unlessAdd({
      refused: 'belongs_to_another',
      collidesWith: 'email q@x.io',
      written: 'attributes',
      people: [person('1', null, 'new'), anonymous],
    }),
  },
  {
    rule: 'the id is of another (by email)',
    identifyBy: 'email',
    there: [p, nameless],
    row: ['9', 'p@x.io'],
    expected: unlessAdd({
      refused: 'belongs_to_another',
      collidesWith: 'id 9',
      written: 'attributes',
      people: [p1, nameless],
    }),
  },
  {
    rule: 'the person has no email, and it is free',
    identifyBy: 'id',
    there: [person('1', null)],
    row: ['1', 'A@x.io'],
    expected: unlessAdd({ outcome: 'updated', people: [person('1', 'A@x.io', 'new')] }),
  },
  {
    rule: 'the person has no id, and it is free (by email)',
    identifyBy: 'email',
    there: [anonymous],
    row: ['5', 'q@x.io'],
    expected: unlessAdd({ outcome: 'updated', people: [person('5', 'q@x.io', 'new')] }),
  },
  {
    rule: 'the person has another email, and it is free',
    identifyBy: 'id',
    there: [p],
    row: ['1', 'a@x.io'],
    expected: unlessAdd({ refused: 'already_set', written: 'attributes', people: [p1] }),
  },
  {
    rule: 'the person has another email, and it is free: allowEmailUpdatesUsingId sets it',
    identifyBy: 'id',
    there: [p],
    row: ['1', 'a@x.io'],
    allow: true,
    expected: unlessAdd({ outcome: 'updated', people: [person('1', 'a@x.io', 'new')] }),
  },
  {
    rule: 'the person has another id, and it is free: nothing sets it (by email)',
    identifyBy: 'email',
    there: [p],
    row: ['5', 'p@x.io'],
    allow: true,
    expected: unlessAdd({ refused: 'already_set', written: 'attributes', people: [p1] }),
  },
];

const tables = { 'nobody has the key': firstTable, 'someone has the key': secondTable };

for (const [table, cells] of Object.entries(tables))
  describe(table, () => {
    for (const cell of cells)
      for (const mode of modes)
        test(`${cell.rule}: mode ${mode}`, async () => {
          await expectOutcome(cell, mode, cell.expected[mode]);
        });
  });

async function expectOutcome(cell: Cell, mode: Mode, expected: Expected): Promise<void> {
  const { identifyBy, there, row, allow = false } = cell;
  const { store } = database;
  const workspace = newWorkspace();
  await addPeople(store, there, workspace);
  const { counts, failures } = await importRows(store, {
    workspace,
    identifyBy,
    mode,
    allowEmailUpdatesUsingId: allow,
    columns: ['id', 'email', 'plan'],
    rows: [[...row, 'new']],
  });
  const people = await peopleOf(store, workspace);
  if (expected === 'skipped') {
    expect({ counts: nonZero(counts), people, failures }).toEqual({
      counts: { rows: 1, skipped: 1 },
      people: there,
      failures: [],
    });
    return;
  }
  expect(people).toEqual(expected.people);
  if ('outcome' in expected) {
    expect(nonZero(counts)).toEqual({ rows: 1, [expected.outcome]: 1 });
    expect(failures).toEqual([]);
    return;
  }
  expect(nonZero(counts)).toEqual({ rows: 1, failed: 1 });
  const [key, other] = identifyBy === 'id' ? row : [row[1], row[0]];
  expect(failures).toMatchObject([
    {
      rowNumber: 1,
      key,
      column: identifyBy === 'id' ? 'email' : 'id',
      value: other,
      reason: expected.refused,
      collidesWith: expected.collidesWith ?? null,
      written: expected.written,
    },
  ]);
}
