import { isDeepStrictEqual } from 'node:util';
import { fewest, searchCases, someAltered, type Difference, type SearchOptions } from './case-search.js';
import { applyImport, type ModelEnd } from './import-model.js';
import { canonical, type ModelColumn } from './people-model.js';
import { relationsCase, type RelationsCase } from './relations-cases.js';
import type { ModelWorkspace } from './relations-model.js';
import { countHits } from './relations-hits.js';
import { addWorkspace, readImport, readWorkspace, type Thing } from './stored-workspace.js';
import { column, importRows, type ImportOptions } from './store-import.js';
import { sweepStaging } from '../../store/staging.js';
import type { Store } from '../../store/store.js';

/** What an import leaves behind, in a form in which the model's and the store's can be compared: texts, sorted. */
interface Result {
  things: string[];
  status: string;
  counts: object;
  relationships: object | null;
  addedByFailed: number;
  membersAdded: number;
  membersRemoved: number;
  failures: string[];
}

const mainOutcomes = ['added', 'updated', 'unchanged', 'skipped', 'superseded', 'failed'];
const relationshipOutcomes = ['related', 'changed', 'unchanged', 'removed', 'superseded', 'failed'];

/**
 * Imports random people, objects and relationships into random workspaces, and compares what becomes of all that is
 * there with the model.
 * @returns how often each rule decided something
 * @throws an Error with the smallest part of the first case that differs, and both results
 */
export async function checkRelations(store: Store, options: SearchOptions): Promise<Map<string, number>> {
  const hits = new Map<string, number>();
  const sweeping = setInterval(() => void sweepStaging(store).catch(() => undefined), 2_000);
  try {
    await searchCases(options, {
      arbitrary: relationsCase,
      differenceOf: (one) => differenceOf(store, one, hits, options.again),
      shrunk,
    });
  } finally {
    clearInterval(sweeping);
  }
  return hits;
}

async function differenceOf(
  store: Store,
  one: RelationsCase,
  hits: Map<string, number>,
  again = false,
): Promise<string | null> {
  const second = again ? secondOf(one) : one;
  const expected = expectedOf(second, hits);
  const actual = await actualOf(store, second, again ? one : null).catch(String);
  if (isDeepStrictEqual(actual, expected)) return null;
  const differing =
    typeof actual === 'string'
      ? { expected, actual }
      : { expected: onlyIn(expected, actual), actual: onlyIn(actual, expected) };
  return `the store differs from the model.\nexpected ${JSON.stringify(differing.expected)}\nactual   ${JSON.stringify(differing.actual)}`;
}

/** What is imported the second time, into what the first time leaves behind by the model. */
function secondOf({ workspace, task, ...work }: RelationsCase): RelationsCase {
  const after = structuredClone(workspace);
  applyImport(after, task);
  const { main } = task;
  const key = main.kind === 'people' ? main.identifyBy : 'object_id';
  const rows = someAltered(main.rows, (at) => main.columns[at]?.name === key);
  return { ...work, workspace: after, task: { ...task, main: { ...main, rows } } };
}

/** The one without the things and failures that the other has, too. */
const onlyIn = (one: Result, other: Result): Result => ({
  ...one,
  things: one.things.filter((each) => !other.things.includes(each)),
  failures: one.failures.filter((each) => !other.failures.includes(each)),
});

function expectedOf({ workspace, task }: RelationsCase, hits: Map<string, number>): Result {
  const after = structuredClone(workspace);
  const end = applyImport(after, task);
  countHits(hits, task, end);
  const counted = (outcomes: string[], verdicts: { outcome: string }[]) => ({
    rows: verdicts.length,
    ...Object.fromEntries(
      outcomes.map((outcome) => [outcome, verdicts.filter((each) => each.outcome === outcome).length]),
    ),
  });
  return {
    things: thingsOf(after, end, segmentsOf({ workspace, task })),
    status: end.status,
    counts: counted(mainOutcomes, end.main),
    relationships: end.relationships === null ? null : counted(relationshipOutcomes, end.relationships),
    addedByFailed: end.addedByFailed,
    membersAdded: end.membersAdded,
    membersRemoved: end.membersRemoved,
    failures: end.failures.map(spelled),
  };
}

const spelled = (value: unknown) => canonical(value);

/** The segments there must be: those that have members, and the sync's. */
function segmentsOf({ workspace, task: { main } }: Pick<RelationsCase, 'workspace' | 'task'>): string[] {
  const own = main.kind === 'people' && main.segment !== null ? [main.segment.name] : [];
  return [...new Set([...workspace.members.map(({ segment }) => segment), ...own])];
}

function thingsOf(
  { people, objects, relationships, members }: ModelWorkspace,
  { written }: Pick<ModelEnd, 'written'>,
  segments: string[],
): string[] {
  const things: Thing[] = [
    ...segments.map((name) => ({ is: 'segment', name, isWritten: false })),
    ...people.map((one) => ({ is: 'person', ...one, isWritten: written.has(one) })),
    ...objects.map((one) => ({ is: 'object', ...one, isWritten: written.has(one) })),
    ...relationships.map((one) => ({
      is: 'relationship',
      type: one.object.type,
      object: one.object.id,
      id: one.person.id,
      email: one.person.email,
      attributes: one.attributes,
      isWritten: written.has(one),
    })),
    ...members.map((one) => ({
      is: 'member',
      segment: one.segment,
      id: one.person.id,
      email: one.person.email,
      addedBy: one.addedBy,
      addedNow: written.has(one),
      isWritten: written.has(one),
    })),
  ];
  return things.map(spelled).sort();
}

let workspaces = 0;

async function actualOf(store: Store, one: RelationsCase, first: RelationsCase | null): Promise<Result> {
  const { chunkRows, lanes } = one;
  workspaces += 1;
  const workspace = `r${workspaces}`;
  const options = optionsOf(one, workspace);
  await addWorkspace(store, options, (first ?? one).workspace);
  const work = { chunkRows, lanes, sparse: true, settlesFrom: 0 };
  if (first !== null) await importRows(store, { ...optionsOf(first, workspace), ...work });
  const before = await readWorkspace(store, workspace, null);
  const versions = new Set(before.map(({ version }) => version));
  const ended = await importRows(store, { ...options, ...work });
  const after = await readWorkspace(store, workspace, ended.number);
  return {
    things: after
      .map(({ thing, version }) =>
        spelled({ ...thing, isWritten: version !== null && !versions.has(version) }),
      )
      .sort(),
    status: ended.status,
    counts: { ...ended.counts },
    relationships: ended.relationships === null ? null : { ...ended.relationships },
    ...(await readImport(store, workspace, ended.number)),
    failures: ended.failures.map(
      ({ query, rowNumber, key, column: name, value, reason, collidesWith, written }) =>
        spelled({ query, rowNumber, key, column: name, value, reason, collidesWith, written }),
    ),
  };
}

function optionsOf({ task }: RelationsCase, workspace: string): ImportOptions & { workspace: string } {
  const { main, relationships, ...settings } = task;
  const columnsOf = (columns: ModelColumn[]) => columns.map(({ name, type }) => column(name, type));
  return {
    workspace,
    ...settings,
    columns: columnsOf(main.columns),
    rows: main.rows,
    ...(main.kind === 'people'
      ? { identifyBy: main.identifyBy, ...(main.segment !== null && { segment: main.segment }) }
      : { objectType: main.objectType }),
    ...(relationships !== null && {
      relationships: { ...relationships, columns: columnsOf(relationships.columns) },
    }),
  };
}

/**
 * Leaves out rows, relationships, members, objects and people, many at once and then few, as long as what is left still
 * fails.
 */
async function shrunk(
  failing: RelationsCase,
  differenceOf: Difference<RelationsCase>,
): Promise<RelationsCase> {
  const fails = async (one: RelationsCase) => (await differenceOf(one)) !== null;
  const alone = { ...failing, lanes: 1 };
  let smallest = (await fails(alone)) ? alone : failing;
  const leaveOut = async <T>(items: T[], withOnly: (some: T[]) => RelationsCase): Promise<void> => {
    smallest = withOnly(await fewest(items, (some) => fails(withOnly(some))));
  };
  const withThings = (things: Partial<ModelWorkspace>): RelationsCase => ({
    ...smallest,
    workspace: { ...smallest.workspace, ...things },
  });
  const { main, relationships } = failing.task;
  await leaveOut(main.rows, (rows) => ({
    ...smallest,
    task: { ...smallest.task, main: { ...main, rows } },
  }));
  if (relationships !== null)
    await leaveOut(relationships.rows, (rows) => ({
      ...smallest,
      task: { ...smallest.task, relationships: { ...relationships, rows } },
    }));
  await leaveOut(smallest.workspace.relationships, (some) => withThings({ relationships: some }));
  await leaveOut(smallest.workspace.members, (members) => withThings({ members }));
  // What a relationship or a membership is of stays.
  const { workspace } = smallest;
  const held = new Set<object>([
    ...workspace.relationships.flatMap(({ person, object }) => [person, object]),
    ...workspace.members.map(({ person }) => person),
  ]);
  const keeping = <T extends object>(all: T[], some: T[]) =>
    all.filter((each) => held.has(each) || some.includes(each));
  const loose = <T extends object>(all: T[]) => all.filter((each) => !held.has(each));
  await leaveOut(loose(workspace.objects), (some) =>
    withThings({ objects: keeping(workspace.objects, some) }),
  );
  await leaveOut(loose(workspace.people), (some) => withThings({ people: keeping(workspace.people, some) }));
  return smallest;
}
