import { isDeepStrictEqual } from 'node:util';
import { addPeople, column, definitionOf, importRows, settingsOf, versionsOf } from './store-import.js';
import { contestedCase, type ContestedOptions } from './contested-cases.js';
import type { PeopleCase } from './people-cases.js';
import {
  applyInOrder,
  canonical,
  cellsOf,
  type ModelFailure,
  type ModelImport,
  type ModelPerson,
} from './people-model.js';
import { someAltered } from './case-search.js';
import { searchCases, shrunk, type SearchOptions } from './people-search.js';
import { sweepStaging } from '../../store/staging.js';
import type { Store } from '../../store/store.js';
import { saveSync } from '../../store/workspaces.js';

/** What an import leaves behind, in a form in which the model's and the store's can be compared. */
interface Result {
  people: { id: string | null; email: string | null; attributes: string; isWritten: boolean }[];
  status: string;
  counts: Record<string, number>;
  addedByFailed: number;
  failures: ModelFailure[];
}

const outcomes = ['added', 'updated', 'unchanged', 'skipped', 'superseded', 'failed'] as const;

/**
 * Imports random rows into random workspaces, and compares what becomes of them with the model.
 * @returns how often each cell of the tables was hit, by mode and key
 * @throws an Error with the smallest part of the first case that differs, and both results
 */
export async function checkPeople(store: Store, options: SearchOptions): Promise<Map<string, number>> {
  const hits = new Map<string, number>();
  const sweeping = setInterval(() => void sweepStaging(store).catch(() => undefined), 2_000);
  try {
    await searchCases(options, (one) =>
      differenceOf(store, options.nobody === true ? { ...one, people: [] } : one, hits, options.again),
    );
  } finally {
    clearInterval(sweeping);
  }
  return hits;
}

/**
 * Imports one large random case, in which very many rows meet each other, and compares what becomes of it with the model.
 * @returns how many rows had which outcome, and how long the import took from the plan to the end
 * @throws an Error with what differs, and with the smallest part of a case of some thousand rows
 */
export async function checkContested(
  store: Store,
  options: ContestedOptions,
): Promise<{ counts: Record<string, number>; settings: object; seconds: number }> {
  const one = contestedCase(options);
  const difference = await differenceOf(store, one, new Map());
  const { identifyBy, mode, allowEmailUpdatesUsingId } = one.task;
  if (difference === null)
    return {
      counts: expectedOf(one, new Map()).counts,
      settings: { identifyBy, mode, allowEmailUpdatesUsingId },
      seconds: await lastSeconds(store),
    };
  if (options.rows > 5_000) throw new Error(`Seed ${options.seed}: ${difference.slice(0, 5_000)}`);
  const smallest = await shrunk(one, (part) => differenceOf(store, part, new Map()));
  throw new Error(
    `Seed ${options.seed}: ${(await differenceOf(store, smallest, new Map())) ?? difference}\n${JSON.stringify(smallest)}`,
  );
}

async function lastSeconds(store: Store): Promise<number> {
  const { rows } = await store.pool.query<{ seconds: number }>(
    `SELECT extract(epoch FROM ended_at - staged_at)::float8 AS seconds
     FROM inlet.imports ORDER BY ended_at DESC LIMIT 1`,
  );
  return rows[0]?.seconds ?? NaN;
}

/** A cell of the tables, as hits are counted. */
export const hitName = ({ identifyBy, mode }: Pick<ModelImport, 'identifyBy' | 'mode'>, cell: string) =>
  `identifyBy ${identifyBy}, mode ${mode}: ${cell}`;

/** The cells that were hit fewer times than they should have been, a line each. */
export function seldomHit(hits: Map<string, number>, atLeast: number): string[] {
  return (['id', 'email'] as const).flatMap((identifyBy) =>
    (['add', 'update', 'add-and-update'] as const).flatMap((mode) =>
      cellsOf({ identifyBy, mode })
        .map((cell) => hitName({ identifyBy, mode }, cell))
        .filter((cell) => (hits.get(cell) ?? 0) < atLeast)
        .map((cell) => `${cell}: ${hits.get(cell) ?? 0} times`),
    ),
  );
}

async function differenceOf(
  store: Store,
  one: PeopleCase,
  hits: Map<string, number>,
  again = false,
): Promise<string | null> {
  const second = again ? secondOf(one) : one;
  const expected = expectedOf(second, hits);
  const actual = await actualOf(store, second, again ? one : null).catch(String);
  if (isDeepStrictEqual(actual, expected)) return null;
  const differing = typeof actual === 'string' ? { expected, actual } : partsThatDiffer(expected, actual);
  return `the store differs from the model.\nexpected ${JSON.stringify(differing.expected)}\nactual   ${JSON.stringify(differing.actual)}`;
}

/** What is imported the second time, into what the first time leaves behind by the model. */
function secondOf(one: PeopleCase): PeopleCase {
  const { people } = applyInOrder(structuredClone(one.people), one.task);
  const { columns, rows, identifyBy } = one.task;
  const altered = someAltered(rows, (at) => columns[at]?.name === identifyBy);
  return { ...one, people, task: { ...one.task, rows: altered } };
}

/** Both without what they have in common. */
function partsThatDiffer(expected: Result, actual: Result): { expected: object; actual: object } {
  const only = (one: Result, two: Result) => {
    const lacks = <T>(some: T[], others: T[]) => {
      const known = new Set(others.map((each) => JSON.stringify(each)));
      return some.filter((each) => !known.has(JSON.stringify(each)));
    };
    const { status, counts, addedByFailed } = one;
    const [people, failures] = [lacks(one.people, two.people), lacks(one.failures, two.failures)];
    return { status, counts, addedByFailed, people, failures };
  };
  return { expected: only(expected, actual), actual: only(actual, expected) };
}

function sorted<T>(items: T[]): T[] {
  const spelled = items.map((item) => ({ item, text: JSON.stringify(item) }));
  return spelled.sort((one, two) => (one.text < two.text ? -1 : 1)).map(({ item }) => item);
}

function expectedOf(one: PeopleCase, hits: Map<string, number>): Result {
  const model = applyInOrder(structuredClone(one.people), one.task);
  for (const cell of model.cells) {
    const name = hitName(one.task, cell);
    hits.set(name, (hits.get(name) ?? 0) + 1);
  }
  const count = (outcome: string) => model.outcomes.filter((each) => each === outcome).length;
  return {
    people: sorted(
      model.people.map((person) => ({
        id: person.id,
        email: person.email,
        attributes: canonical(person.attributes),
        isWritten: model.written.has(person),
      })),
    ),
    status: count('failed') > 0 ? 'Some Rows Failed' : 'Completed',
    counts: {
      rows: one.task.rows.length,
      ...Object.fromEntries(outcomes.map((outcome) => [outcome, count(outcome)])),
    },
    addedByFailed: model.addedByFailed,
    failures: model.failures,
  };
}

let workspaces = 0;

async function actualOf(store: Store, one: PeopleCase, first: PeopleCase | null): Promise<Result> {
  const { task, chunkRows, lanes, sparse = true } = one;
  workspaces += 1;
  const workspace = `w${workspaces}`;
  const { columns, ...settings } = task;
  const options = { workspace, ...settings, columns: [] };
  await saveSync(store, definitionOf(options), settingsOf(options));
  const importOf = ({ rows }: ModelImport) =>
    importRows(store, {
      workspace,
      ...settings,
      rows,
      columns: columns.map(({ name, type }) => column(name, type)),
      chunkRows,
      lanes,
      sparse,
      settlesFrom: 0,
    });
  let before = await addPeople(store, (first ?? one).people, workspace);
  if (first !== null) {
    await importOf(first.task);
    before = await versionsOf(store, workspace);
  }
  const ended = await importOf(task);
  const after = await store.pool.query<ModelPerson & { version: string }>(
    `SELECT p.id, p.email, p.attributes, p.person_id || ':' || p.xmin AS version
     FROM inlet.person p JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1`,
    [workspace],
  );
  const log = await store.pool.query<{ added_by_failed: number }>(
    'SELECT added_by_failed FROM inlet.imports WHERE workspace = $1 AND number = $2',
    [workspace, ended.number],
  );
  return {
    people: sorted(
      after.rows.map(({ id, email, attributes, version }) => ({
        id,
        email,
        attributes: canonical(attributes),
        isWritten: !before.has(version),
      })),
    ),
    status: ended.status,
    counts: { ...ended.counts },
    addedByFailed: log.rows[0]?.added_by_failed ?? -1,
    failures: ended.failures.map(
      ({ rowNumber, key, column: name, value, reason, collidesWith, written }) => ({
        rowNumber,
        key,
        column: name,
        value,
        reason,
        collidesWith,
        written,
      }),
    ),
  };
}
