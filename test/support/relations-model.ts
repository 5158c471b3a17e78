import {
  cellOf,
  failed,
  keyFailure,
  oneAfterTheOther,
  unstorable,
  valuesOf,
  type ModelRows,
  type Row,
  type Verdict,
} from './model-rows.js';
import {
  applyAttributes,
  applyInOrder,
  sameIdentifier,
  type Identifier,
  type ModelImport,
  type ModelPerson,
} from './people-model.js';

/**
 * The rules of docs/semantics.md on objects, relationships and segments once more, on arrays, one row after the other.
 * It must share no line and no idea with the store's SQL. What people rows do is people-model.ts.
 */
export interface ModelWorkspace {
  people: ModelPerson[];
  objects: ModelObject[];
  relationships: ModelRelationship[];
  members: ModelMember[];
}

export interface ModelObject {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
}

export interface ModelRelationship {
  person: ModelPerson;
  object: ModelObject;
  attributes: Record<string, unknown>;
}

export interface ModelMember {
  segment: string;
  person: ModelPerson;
  /** Who made them one: the sync that the case runs, or another of the workspace. */
  addedBy: 'this sync' | 'another sync';
}

export interface ObjectsQuery extends ModelRows {
  kind: 'objects';
  objectType: string;
}

export interface PeopleQuery extends ModelRows {
  kind: 'people';
  identifyBy: Identifier;
  segment: ModelSegment | null;
}

export interface ModelSegment {
  name: string;
  create: boolean;
  mirror: boolean;
  allowEmpty: boolean;
}

export interface RelationshipsQuery extends ModelRows {
  objectType: string;
  identifyBy: Identifier;
}

export interface RelationsImport extends Pick<
  ModelImport,
  'identifiers' | 'mode' | 'allowEmailUpdatesUsingId' | 'keepFailures'
> {
  main: PeopleQuery | ObjectsQuery;
  relationships: RelationshipsQuery | null;
}

export type RelationshipOutcome = 'related' | 'changed' | 'unchanged' | 'removed' | 'superseded' | 'failed';

export type MainVerdict = Verdict<ReturnType<typeof applyInOrder>['outcomes'][number]>;
export type RelationshipVerdict = Verdict<RelationshipOutcome>;

/** Whatever was made or changed. */
export type Written = Map<ModelPerson | ModelObject | ModelRelationship | ModelMember, 'made' | 'changed'>;

const objectColumn = 'object_id';

/** Applies people rows, and gives what each of them came to. */
export function applyPeople(
  { people }: ModelWorkspace,
  task: RelationsImport,
  query: PeopleQuery,
  written: Written,
): { verdicts: MainVerdict[]; addedByFailed: number } {
  const before = new Set(people);
  const { outcomes, failures, cells, ...model } = applyInOrder(people, {
    ...task,
    ...query,
    keepFailures: query.rows.length,
  });
  for (const person of model.written) written.set(person, before.has(person) ? 'changed' : 'made');
  const failureOf = new Map(failures.map(({ rowNumber, ...failure }) => [rowNumber, failure]));
  const verdicts = outcomes.map((outcome, at): MainVerdict => {
    const failure = failureOf.get(at + 1);
    return { outcome, rules: [cells[at] ?? ''], ...(failure !== undefined && { failure }) };
  });
  return { verdicts, addedByFailed: model.addedByFailed };
}

/** Applies the rows of an objects query. */
export function applyObjects(
  { objects }: ModelWorkspace,
  { mode }: Pick<RelationsImport, 'mode'>,
  query: ObjectsQuery,
  written: Written,
): MainVerdict[] {
  const keyOf = (row: Row) => cellOf(query, row, objectColumn);
  const attributes = query.columns.filter(({ name }) => name !== objectColumn);

  const byItself = (row: Row): MainVerdict | null =>
    keyFailure(query, row, objectColumn, keyOf(row)) ?? unstorable(query, row, attributes, keyOf(row));

  function inOrder(row: Row): MainVerdict {
    const there = objects.find(({ type, id }) => type === query.objectType && id === keyOf(row));
    const values = valuesOf(query, row, attributes);
    if (there === undefined) {
      if (mode === 'update') return { outcome: 'skipped', rules: ['nobody: skipped'] };
      const object: ModelObject = { type: query.objectType, id: keyOf(row) ?? '', attributes: {} };
      applyAttributes(object, values);
      objects.push(object);
      written.set(object, 'made');
      return { outcome: 'added', rules: ['nobody: added'] };
    }
    if (mode === 'add') return { outcome: 'skipped', rules: ['someone: skipped'] };
    const outcome = applyAttributes(there, values) ? 'updated' : 'unchanged';
    if (outcome === 'updated') written.set(there, 'changed');
    return { outcome, rules: [`someone: ${outcome}`] };
  }

  return oneAfterTheOther(query.rows, byItself, (one, two) => keyOf(one) === keyOf(two), inOrder);
}

const words = {
  removes: ['t', 'true', 'y', 'yes', 'on', '1'],
  sets: ['f', 'false', 'n', 'no', 'off', '0'],
};

/** Null: the cell is no word for either. */
function removesOf(deleted: string | null): boolean | null {
  if (deleted === null || words.sets.includes(deleted.toLowerCase())) return false;
  return words.removes.includes(deleted.toLowerCase()) ? true : null;
}

/** Applies the rows of a relationship query, after the main query's. */
export function applyRelationships(
  workspace: ModelWorkspace,
  { identifiers }: Pick<RelationsImport, 'identifiers'>,
  query: RelationshipsQuery,
  written: Written,
): RelationshipVerdict[] {
  const key = query.identifyBy;
  const personOf = (row: Row) => cellOf(query, row, key);
  const objectOf = (row: Row) => cellOf(query, row, objectColumn);
  const deletedOf = (row: Row) => cellOf(query, row, 'deleted');
  const ignored = identifiers.length === 2 ? ['id', 'email'] : [key];
  const attributes = query.columns.filter(
    ({ name }) => name !== objectColumn && name !== 'deleted' && !ignored.includes(name),
  );
  const fail = (row: Row, column: string, reason: string) =>
    failed(personOf(row), column, cellOf(query, row, column), reason);

  function byItself(row: Row): RelationshipVerdict | null {
    const wrong =
      keyFailure(query, row, objectColumn, personOf(row)) ?? keyFailure(query, row, key, personOf(row));
    if (wrong !== null) return wrong;
    const removes = removesOf(deletedOf(row));
    if (removes === null) return fail(row, 'deleted', 'invalid_deleted');
    return removes ? null : unstorable(query, row, attributes, personOf(row));
  }

  const samePair = (one: Row, two: Row) =>
    objectOf(one) === objectOf(two) && sameIdentifier(key, personOf(one) ?? '', personOf(two) ?? '');

  function inOrder(row: Row): RelationshipVerdict {
    const person = workspace.people.find(
      (each) => each[key] !== null && sameIdentifier(key, each[key], personOf(row) ?? ''),
    );
    const object = workspace.objects.find(
      ({ type, id }) => type === query.objectType && id === objectOf(row),
    );
    const there = workspace.relationships.find((each) => each.person === person && each.object === object);
    const missing = [...(object ? [] : ['no object']), ...(person ? [] : ['no person'])].join(', ');
    if (removesOf(deletedOf(row)) === true) {
      const ignores =
        unstorable(query, row, attributes, null) === null ? [] : ['removes: ignores a bad cell'];
      if (there === undefined)
        return { outcome: 'unchanged', rules: [`removes: ${missing || 'not related'}`, ...ignores] };
      workspace.relationships.splice(workspace.relationships.indexOf(there), 1);
      return { outcome: 'removed', rules: ['removes: was related', ...ignores] };
    }
    if (object === undefined)
      return { ...fail(row, objectColumn, 'no_such_object'), rules: [`sets: ${missing}`] };
    if (person === undefined) return { ...fail(row, key, 'no_such_person'), rules: [`sets: ${missing}`] };
    const values = valuesOf(query, row, attributes);
    if (there === undefined) {
      const relationship: ModelRelationship = { person, object, attributes: {} };
      applyAttributes(relationship, values);
      workspace.relationships.push(relationship);
      written.set(relationship, 'made');
      const isNew = written.get(person) === 'made' || written.get(object) === 'made';
      return {
        outcome: 'related',
        rules: ['sets: was not related', ...(isNew ? ['relates what the import made'] : [])],
      };
    }
    if (!applyAttributes(there, values)) return { outcome: 'unchanged', rules: ['sets: changes nothing'] };
    written.set(there, 'changed');
    return { outcome: 'changed', rules: ['sets: changes attributes'] };
  }

  const noteOf = (row: Row, later: Row) => [
    ...(removesOf(deletedOf(row)) === removesOf(deletedOf(later))
      ? []
      : [`superseded: ${removesOf(deletedOf(row)) === true ? 'removes, then sets' : 'sets, then removes'}`]),
    ...(personOf(row) === personOf(later) ? [] : ['superseded: by another case']),
  ];
  return oneAfterTheOther(query.rows, byItself, samePair, inOrder, noteOf);
}
