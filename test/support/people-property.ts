import { isDeepStrictEqual } from 'node:util';
import { addPeople, column, definitionOf, importRows, settingsOf } from './store-import.js';
import type { PeopleCase } from './people-cases.js';
import {
  applyInOrder,
  canonical,
  cellsOf,
  type ModelFailure,
  type ModelImport,
  type ModelPerson,
} from './people-model.js';
import { searchCases, type SearchOptions } from './people-search.js';
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
    await searchCases(options, (one) => differenceOf(store, one, hits));
  } finally {
    clearInterval(sweeping);
  }
  return hits;
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
): Promise<string | null> {
  const expected = expectedOf(one, hits);
  const actual = await actualOf(store, one).catch(String);
  return isDeepStrictEqual(actual, expected)
    ? null
    : `the store differs from the model.\nexpected ${JSON.stringify(expected)}\nactual   ${JSON.stringify(actual)}`;
}

const sorted = <T>(items: T[]): T[] =>
  [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

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

async function actualOf(store: Store, { people, task, chunkRows, lanes }: PeopleCase): Promise<Result> {
  workspaces += 1;
  const workspace = `w${workspaces}`;
  const { columns, ...settings } = task;
  const options = { workspace, ...settings, columns: [] };
  await saveSync(store, definitionOf(options), settingsOf(options));
  const before = await addPeople(store, people, workspace);
  const ended = await importRows(store, {
    workspace,
    ...settings,
    columns: columns.map(({ name, type }) => column(name, type)),
    chunkRows,
    lanes,
    sparse: true,
  });
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
