import type { PeopleCase } from './people-cases.js';
import type { ModelImport, ModelPerson } from './people-model.js';

export interface ContestedOptions {
  rows: number;
  seed: number;
  /** Rows of a chunk, about. */
  chunkRows: number;
  lanes: number;
}

type ContestedSettings = Pick<ModelImport, 'identifyBy' | 'mode' | 'allowEmailUpdatesUsingId'>;

/** One seed after the other takes the next. */
const variants: [ContestedSettings, ...ContestedSettings[]] = [
  { identifyBy: 'id', mode: 'add-and-update', allowEmailUpdatesUsingId: true },
  { identifyBy: 'email', mode: 'add-and-update', allowEmailUpdatesUsingId: false },
  { identifyBy: 'id', mode: 'update', allowEmailUpdatesUsingId: true },
  { identifyBy: 'id', mode: 'add-and-update', allowEmailUpdatesUsingId: false },
  { identifyBy: 'email', mode: 'update', allowEmailUpdatesUsingId: true },
  { identifyBy: 'id', mode: 'add', allowEmailUpdatesUsingId: true },
];

type Identifier = 'id' | 'email';
/** A key and another identifier, by number: 7 is the id `i7` and the email `e7@x.io`; null is NULL. */
type Pair = [key: number | null, other: number | null];

/**
 * A large import in which most rows meet others, near or far: shared identifiers, swaps, rings, chains,
 * claims, identifiers given up and taken, repeated keys, cells that fail. The same options give the same case.
 */
export function contestedCase({ rows: size, seed, ...work }: ContestedOptions): PeopleCase {
  const settings = variants[seed % variants.length] ?? variants[0];
  const random = randomNumbers(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneIn = (limit: number) => below(limit) === 0;

  let used = size;
  const fresh = () => (used += 1);
  const anybody = () => below(size);
  let next = below(size);
  /** One after the other, so that those of one scene are seldom in another. */
  const somebody = () => (next += 1) % size;
  const some = (count: number) => Array.from({ length: count }, somebody);

  const scenes: (() => Pair[])[] = [
    ...Array.from({ length: 12 }, () => () => {
      const who = somebody();
      return [[who, oneIn(3) ? null : who]] as Pair[];
    }),
    () => [[fresh(), fresh()]],
    () => [[fresh(), null]],
    () => {
      const wanted = oneIn(2) ? fresh() : anybody();
      const count = oneIn(20) ? 60 : 2 + below(5);
      return Array.from({ length: count }, () => [oneIn(2) ? fresh() : somebody(), wanted]);
    },
    () => [[anybody(), below(5)]],
    () => {
      const [one = 0, two = 0] = some(2);
      return [
        [one, two],
        [two, one],
      ];
    },
    () => {
      const chain = some(2 + below(oneIn(10) ? 300 : 12));
      const taken = chain.map((who, at): Pair => [who, at === 0 ? fresh() : (chain[at - 1] ?? null)]);
      return oneIn(2) ? taken : taken.reverse();
    },
    () => {
      const ring = some(3 + below(6));
      return ring.map((who, at) => [who, ring[(at + 1) % ring.length] ?? null]);
    },
    () => {
      const who = somebody();
      return Array.from({ length: 1 + below(3) }, () => [fresh(), who]);
    },
    () => {
      const who = somebody();
      const free = fresh();
      return [
        [who, free],
        [oneIn(2) ? fresh() : somebody(), who],
        [who, oneIn(2) ? free : fresh()],
      ];
    },
    () => [[anybody(), anybody()]],
    () => [[null, oneIn(2) ? anybody() : null]],
  ];

  const placed: { at: number; pair: Pair }[] = [];
  while (placed.length < size) {
    const start = random() * size;
    const reach = oneIn(2) ? 20 : size;
    const scene = scenes[below(scenes.length)]?.() ?? [];
    const inOrder = scene.map(() => start + random() * reach).sort((one, two) => one - two);
    for (const [at, pair] of scene.entries()) placed.push({ at: inOrder[at] ?? start, pair });
  }
  placed.sort((one, two) => one.at - two.at);

  const key = settings.identifyBy;
  const other = key === 'id' ? 'email' : 'id';
  const text = (identifier: Identifier, number: number | null) => {
    if (number === null) return null;
    const plain = identifier === 'id' ? `i${number}` : `e${number}@x.io`;
    return identifier === 'email' && oneIn(8) ? plain.toUpperCase() : plain;
  };
  const sick = (identifier: Identifier) =>
    [' ', 'x'.repeat(300), ...(identifier === 'email' ? ['x@', 'y y@x.io'] : [])][below(4)] ?? '';

  const people = Array.from({ length: size }, (_, number): ModelPerson => {
    const kind = below(8);
    const attributes = oneIn(3) ? { plan: 'gold' } : {};
    const person = { id: text('id', number), email: text('email', number), attributes };
    if (kind === 0) person[other] = null;
    if (kind === 1) person[key] = null;
    return person;
  });
  const rows = placed
    .slice(0, size)
    .map(({ pair: [keyNumber, otherNumber] }) => [
      keyNumber === null || oneIn(200) ? sick(key) : text(key, keyNumber),
      oneIn(100) ? sick(other) : text(other, otherNumber),
      oneIn(3) ? 'gold' : 'silver',
      oneIn(300) ? '"\\u0000"' : null,
    ]);
  return {
    people,
    task: {
      ...settings,
      identifiers: ['id', 'email'],
      keepFailures: 100_000,
      columns: [
        { name: key, type: 'text' },
        { name: other, type: 'text' },
        { name: 'plan', type: 'text' },
        { name: 'data', type: 'json' },
      ],
      rows,
    },
    ...work,
    sparse: false,
  };
}

/** Mulberry32: numbers from 0 to 1 that a seed decides, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
