import fc from 'fast-check';
import type { ModelColumn, ModelImport, ModelPerson } from './people-model.js';

/** One case of the property test: who is there, what is imported, and how the work is split. */
export interface PeopleCase {
  people: ModelPerson[];
  task: ModelImport;
  chunkRows: number;
  lanes: number;
  /** Few rows on a block of the stage, of which chunks are cut; so unless it is said otherwise. */
  sparse?: boolean;
}

const ids = [
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  'A',
  'a',
  ' 1',
  'é',
  ...Array.from({ length: 10 }, (_, at) => `p${at}`),
];
const freshIds = Array.from({ length: 12 }, (_, at) => `n${at}`);
const emails = ['"q q"@x.io', ...Array.from('abcdefghijklmnopqrs', (name) => `${name}@x.io`)];
const freshEmails = ['n@[::1]', 'n@x', "n'n@x.io", ...Array.from({ length: 9 }, (_, at) => `n${at}@x.io`)];
export const blanks = ['', ' ', '\u00a0\t', '\u3000'];

type Identifier = 'id' | 'email';

/** Cells that are no identifier, by the rule that they break; null and blank ones are none. */
const sick: Record<Identifier, fc.Arbitrary<string | null>> = {
  id: fc.oneof(fc.constantFrom(null, ...blanks), fc.constantFrom('x'.repeat(151), 'é'.repeat(76))),
  email: fc.oneof(
    fc.constantFrom(null, ...blanks),
    fc.constantFrom('a@', 'x y@x.io', 'ä@x.io', 'a@x.io ', 'a..b@x.io', '\u200b'),
    fc.constantFrom(`${'l'.repeat(250)}@x.io`, 'y'.repeat(300)),
  ),
};
const pool = { id: ids, email: emails };
export const fresh = { id: freshIds, email: freshEmails };

/** How an identifier's cell comes about: from somebody who is there, or not. `at` chooses among what there is. */
const draft = (weights: {
  own: number;
  theirs: number;
  keyless: number;
  fresh: number;
  pool: number;
  sick: number;
}) =>
  fc.record({
    from: fc.oneof(
      ...(['own', 'theirs', 'keyless', 'fresh', 'pool', 'sick'] as const).map((from) => ({
        weight: weights[from],
        arbitrary: fc.constant(from),
      })),
    ),
    at: fc.nat(999),
    /** The same email in another case, now and then: the same identifier. */
    shout: fc.nat(3).map((dice) => dice === 0),
    id: sick.id,
    email: sick.email,
  });
export type Draft = typeof keyDraft extends fc.Arbitrary<infer Value> ? Value : never;
export const keyDraft = draft({ own: 0, theirs: 12, keyless: 0, fresh: 5, pool: 3, sick: 3 });
const otherDraft = draft({ own: 6, theirs: 5, keyless: 3, fresh: 9, pool: 2, sick: 12 });

export function cellOf(
  people: ModelPerson[],
  identifier: Identifier,
  drafted: Draft,
  key?: string | null,
): string | null {
  const other = identifier === 'id' ? 'email' : 'id';
  const cells = (some: ModelPerson[]) => some.flatMap((person) => person[identifier] ?? []);
  const from = {
    own: () => cells(people.filter((person) => person[other] === key)),
    theirs: () => cells(people),
    keyless: () => cells(people.filter((person) => person[other] === null)),
    fresh: () => fresh[identifier],
    pool: () => pool[identifier],
    sick: () => [drafted[identifier]],
  };
  const choice = from[drafted.from]();
  const cell = choice[drafted.at % Math.max(1, choice.length)] ?? null;
  return drafted.shout && identifier === 'email' && drafted.from !== 'sick'
    ? (cell?.toUpperCase() ?? null)
    : cell;
}

const text = fc.constantFrom<(string | null)[]>('gold', 'silver', '', null);
const number = fc.constantFrom<(string | null)[]>('1', '1.0', '2', null);
const json = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom<(string | null)[]>(null, 'null', '{"a":[1,2]}', '{"a":[1]}', '[null]', '7'),
  },
  { weight: 1, arbitrary: fc.constantFrom('"\\u0000"', '{"a":"\\ud800"}', '1e400000') },
);
export const extras: { column: ModelColumn; cell: fc.Arbitrary<string | null> }[] = [
  { column: { name: 'plan', type: 'text' }, cell: text },
  { column: { name: 'score', type: 'numeric' }, cell: number },
  { column: { name: 'data', type: 'json' }, cell: json },
];

/** People as they may be there: some without an id, some without an email, none with another's. */
function people(identifiers: Identifier[], pad: string | null): fc.Arbitrary<ModelPerson[]> {
  const attributes = fc.constantFrom<Record<string, unknown>[]>(
    {},
    { plan: 'gold' },
    { plan: '', score: 1 },
    { data: { a: [1] }, kept: true },
    { data: { a: [1, 2] } },
  );
  const person = fc.record({
    id: identifiers.includes('id') ? fc.option(fc.constantFrom(...ids), { freq: 3 }) : fc.constant(null),
    email: identifiers.includes('email')
      ? fc.option(fc.constantFrom(...emails), { freq: 3 })
      : fc.constant(null),
    attributes: attributes.map((some) => (pad === null ? some : { ...some, pad })),
  });
  return fc
    .array(person, { minLength: 4, maxLength: 24, size: 'max' })
    .map((candidates) =>
      candidates.filter(
        (one, at) =>
          (one.id !== null || one.email !== null) &&
          candidates.every(
            (two, before) =>
              before >= at ||
              ((one.id === null || one.id !== two.id) &&
                (one.email === null || one.email.toLowerCase() !== two.email?.toLowerCase())),
          ),
      ),
    );
}

const setup = fc.record({
  identifyBy: fc.constantFrom('id', 'email'),
  // Mostly both: with one only, the tables have few cells.
  both: fc.integer({ min: 0, max: 9 }).map((dice) => dice > 0),
  // The modes that update have more cells.
  mode: fc.constantFrom(
    'add',
    'add',
    'update',
    'update',
    'update',
    'add-and-update',
    'add-and-update',
    'add-and-update',
  ),
  allowEmailUpdatesUsingId: fc.boolean(),
  keepFailures: fc.constantFrom(0, 1, 2, 3, 1000, 1000, 1000, 1000),
  hasOther: fc.integer({ min: 0, max: 9 }).map((dice) => dice > 0),
  extras: fc.subarray(extras),
  turn: fc.nat(3),
  // Rows of one chunk meet in one statement, rows of many chunks in many.
  chunkRows: fc.oneof(fc.integer({ min: 3, max: 9 }), fc.constant(1_000)),
  lanes: fc.integer({ min: 1, max: 4 }),
  /** Makes rows so wide that one, two or four of them fill a block of the stage, of which chunks are cut. */
  pad: fc.constantFrom(null, 400, 250, 120).map((size) => (size === null ? null : 'p'.repeat(size))),
});

/** Imports of up to forty rows that meet each other and those who are there in every way the rules speak of. */
export const peopleCase: fc.Arbitrary<PeopleCase> = setup.chain(
  ({ both, hasOther, extras: chosen, turn, chunkRows, lanes, pad, ...settings }) => {
    const key = settings.identifyBy;
    const other = key === 'id' ? 'email' : 'id';
    const identifiers: Identifier[] = both ? ['id', 'email'] : [key];
    const attributes = [
      ...chosen,
      ...(pad === null ? [] : [{ column: { name: 'pad', type: 'text' as const }, cell: fc.constant(pad) }]),
    ];
    const columns: ModelColumn[] = [
      { name: key, type: 'text' },
      ...(hasOther ? [{ name: other, type: 'text' as const }] : []),
      ...attributes.map(({ column }) => column),
    ];
    const rotate = <T>(items: T[]) => [
      ...items.slice(turn % items.length),
      ...items.slice(0, turn % items.length),
    ];
    const row = fc.tuple(keyDraft, otherDraft, fc.tuple(...attributes.map(({ cell }) => cell)));
    return fc
      .record({
        people: people(identifiers, pad),
        drafts: fc.array(row, { minLength: 8, maxLength: 40, size: 'max' }),
      })
      .map(({ people: there, drafts }) => {
        const rows = drafts.map(([keyOf, otherOf, cells]) => {
          const keyCell = cellOf(there, key, keyOf);
          return rotate([keyCell, ...(hasOther ? [cellOf(there, other, otherOf, keyCell)] : []), ...cells]);
        });
        return {
          people: there,
          task: { ...settings, identifiers, columns: rotate(columns), rows },
          chunkRows,
          lanes,
        };
      });
  },
);
