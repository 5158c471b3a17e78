import fc from 'fast-check';
import { applyImport } from './import-model.js';
import {
  at,
  attributes,
  chosenOf,
  dice,
  objectIds,
  objectsQuery,
  objectTypes,
  pads,
} from './object-cases.js';
import { fresh, peopleCase, type PeopleCase } from './people-cases.js';
import type { ModelPerson } from './people-model.js';
import { relationshipsQuery } from './relationship-cases.js';
import type {
  ModelMember,
  ModelRelationship,
  ModelSegment,
  ModelWorkspace,
  ObjectsQuery,
  PeopleQuery,
  RelationsImport,
} from './relations-model.js';

/** One case of the property test: what is there, what is imported, and how the work is split. */
export interface RelationsCase {
  workspace: ModelWorkspace;
  task: RelationsImport;
  chunkRows: number;
  lanes: number;
}

const segmentNames = { own: 'Customers', another: 'customers' };

/** What is there besides people. */
const things = fc
  .record({
    objects: fc.uniqueArray(
      fc.record({ type: fc.constantFrom(...objectTypes), id: fc.constantFrom(...objectIds), attributes }),
      { maxLength: 16, size: 'max', selector: ({ type, id }) => `${type} ${id}` },
    ),
    pairs: fc.array(fc.record({ person: at, object: at, attributes }), { maxLength: 24, size: 'max' }),
    joined: fc.array(
      fc.record({
        person: at,
        /** Somebody who lacks an identifier, and may be claimed. */
        isClaimable: dice(3),
        segment: fc.constantFrom(segmentNames.own, segmentNames.own, segmentNames.own, segmentNames.another),
        addedBy: fc.constantFrom<ModelMember['addedBy'][]>('this sync', 'this sync', 'another sync'),
      }),
      { minLength: 4, maxLength: 24, size: 'max' },
    ),
    pad: pads,
  })
  .map(({ pad, objects, pairs, joined }) => {
    const padded = <T extends { attributes: object }>(one: T) =>
      pad === null ? one : { ...one, attributes: { ...one.attributes, pad } };
    return { objects: objects.map(padded), pairs: pairs.map(padded), joined };
  });
type Things = typeof things extends fc.Arbitrary<infer Value> ? Value : never;

function workspaceOf(people: ModelPerson[], { objects, pairs, joined }: Things): ModelWorkspace {
  const relationships: ModelRelationship[] = [];
  for (const pair of pairs) {
    const person = chosenOf(people, pair.person);
    const object = chosenOf(objects, pair.object);
    if (person === undefined || object === undefined) continue;
    if (relationships.some((one) => one.person === person && one.object === object)) continue;
    relationships.push({ person, object, attributes: pair.attributes });
  }
  const members: ModelMember[] = [];
  for (const { segment, addedBy, ...draft } of joined) {
    const claimable = people.filter(({ id, email }) => id === null || email === null);
    const person = chosenOf(draft.isClaimable ? claimable : people, draft.person);
    if (person === undefined) continue;
    if (members.some((one) => one.segment === segment && one.person === person)) continue;
    members.push({ segment, person, addedBy });
  }
  return { people, objects, relationships, members };
}

/** So many rows, with new keys, name a member who has none by the other identifier; some share a key. */
const claims = fc.array(fc.record({ key: fc.nat(3), member: at }), { maxLength: 5, size: 'max' });

function rowsThatClaim(
  { task: { identifyBy: key, columns } }: PeopleCase,
  members: ModelMember[],
  drafts: { key: number; member: number }[],
) {
  const other = key === 'id' ? 'email' : 'id';
  const keyless = members.map(({ person }) => person).filter((person) => person[key] === null);
  return drafts.map((draft) =>
    columns.map(({ name }) => {
      if (name === key) return chosenOf(fresh[key], draft.key) ?? null;
      return name === other ? (chosenOf(keyless, draft.member)?.[other] ?? null) : null;
    }),
  );
}

const peopleQuery = (one: PeopleCase, members: ModelMember[]): fc.Arbitrary<PeopleQuery> =>
  fc
    .record({
      name: fc.constant(segmentNames.own),
      create: fc.boolean(),
      mirror: fc.integer({ min: 0, max: 4 }).map((side) => side > 0),
      allowEmpty: fc.boolean(),
    })
    .chain((segment) => fc.tuple(claims, fc.option<ModelSegment>(fc.constant(segment), { freq: 8 })))
    .map(([drafts, segment]) => ({
      kind: 'people' as const,
      identifyBy: one.task.identifyBy,
      columns: one.task.columns,
      rows: [...one.task.rows, ...rowsThatClaim(one, members, drafts)],
      segment,
    }));

type Queries = ('main' | 'relationships')[];
const bothQueries: Queries = ['main', 'relationships'];

/** Leaves out the rows of a query that fail by the model: only where none does, a segment is mirrored. */
function withoutFailures(one: RelationsCase, of: Queries): RelationsCase {
  const { task, workspace } = one;
  const { failures } = applyImport(structuredClone(workspace), { ...task, keepFailures: Infinity });
  const bad = failures.filter(({ query }) => of.includes(query));
  if (bad.length === 0) return one;
  const sound = (query: 'main' | 'relationships', rows: (string | null)[][]) =>
    rows.filter((_, place) => !bad.some((each) => each.query === query && each.rowNumber === place + 1));
  const { main, relationships } = task;
  const left: RelationsImport = {
    ...task,
    main: { ...main, rows: sound('main', main.rows) },
    relationships:
      relationships === null ? null : { ...relationships, rows: sound('relationships', relationships.rows) },
  };
  return withoutFailures({ ...one, task: left }, of);
}

/** Imports of people or objects with their relationships, that meet what is there in every way the rules speak of. */
export const relationsCase: fc.Arbitrary<RelationsCase> = fc
  .record({
    people: peopleCase,
    things,
    importsPeople: fc.constantFrom(true, true, false),
    hasRelationships: fc.integer({ min: 0, max: 5 }).map((side) => side > 0),
    sound: fc.oneof(
      { weight: 4, arbitrary: fc.constant<Queries>([]) },
      { weight: 2, arbitrary: fc.constant<Queries>(['main']) },
      { weight: 4, arbitrary: fc.constant(bothQueries) },
    ),
    isEmpty: dice(8),
    // What a mirror needs: that nobody is claimed in mode `add` is a rule that few cases would come to.
    refusesClaims: dice(6),
  })
  .chain(({ people, things: there, importsPeople, hasRelationships, isEmpty, refusesClaims, ...more }) => {
    const one: PeopleCase = refusesClaims ? { ...people, task: { ...people.task, mode: 'add' } } : people;
    const sound = refusesClaims ? bothQueries : more.sound;
    const { identifiers, mode, allowEmailUpdatesUsingId, keepFailures } = one.task;
    const workspace = workspaceOf(one.people, there);
    const emptied = <Query extends PeopleQuery | ObjectsQuery>(query: Query): Query =>
      isEmpty ? { ...query, rows: [] } : query;
    const query: fc.Arbitrary<PeopleQuery | ObjectsQuery> = importsPeople
      ? peopleQuery(one, workspace.members).map(emptied)
      : objectsQuery(workspace.objects).map(emptied);
    return query.chain((main) =>
      (hasRelationships ? relationshipsQuery(workspace, one, main) : fc.constant(null)).map((relationships) =>
        withoutFailures(
          {
            workspace,
            task: { identifiers, mode, allowEmailUpdatesUsingId, keepFailures, main, relationships },
            chunkRows: one.chunkRows,
            lanes: one.lanes,
          },
          // Nobody is mirrored by objects.
          importsPeople ? sound : [],
        ),
      ),
    );
  });
