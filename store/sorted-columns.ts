import type { Identifier, WorkspaceSettings } from '../config/sync-definition.js';
import type { Column } from '../sources/source.js';
import type { PeopleSubject, RelationshipsSubject, RowSubject } from './row-subject.js';

type Settings = Pick<WorkspaceSettings, 'identifiers'>;

/** The columns of a query by what they are for: indexes in the query. */
export interface SortedColumns {
  attributes: number[];
  /** Those that are staged as the text that the source printed. */
  asText: number[];
}

export interface PeopleColumns extends SortedColumns {
  key: number;
  /** The other identifier's column, if the query has it and the workspace lists it. */
  other: number | undefined;
}

export interface ObjectColumns extends SortedColumns {
  key: number;
}

export interface RelationshipColumns extends SortedColumns {
  objectId: number;
  person: number;
  deleted: number | undefined;
}

/** Of people's two identifiers, not this one. */
export const otherThan = (identifier: Identifier): Identifier => (identifier === 'id' ? 'email' : 'id');

/** A relationship row names its person by one identifier; the other one is not read. */
export function ignoredColumns(subject: RowSubject, { identifiers }: Settings): string[] {
  if (subject.kind !== 'relationships') return [];
  const other = otherThan(subject.identifyBy);
  return identifiers.includes(other) ? [other] : [];
}

/** @throws Error if the query has no such column, which `checkColumns` would have said */
function placeOf(name: string, columns: Column[]): number {
  const index = columns.findIndex((column) => column.name === name);
  if (index < 0) throw new Error(`The query has no column "${name}".`);
  return index;
}

const placeIfAny = (name: string, columns: Column[]): number | undefined =>
  columns.some((column) => column.name === name) ? placeOf(name, columns) : undefined;

/** What is no attribute is staged as text. */
function sortedBy(places: (number | undefined)[], columns: Column[]): SortedColumns {
  return {
    attributes: [...columns.keys()].filter((index) => !places.includes(index)),
    asText: places.filter((place) => place !== undefined),
  };
}

/** Sorts the columns of a people query. An identifier that the workspace does not list is an ordinary attribute. */
export function peopleColumns(
  { identifyBy }: PeopleSubject,
  { identifiers }: Settings,
  columns: Column[],
): PeopleColumns {
  const otherName = otherThan(identifyBy);
  const key = placeOf(identifyBy, columns);
  const other = identifiers.includes(otherName) ? placeIfAny(otherName, columns) : undefined;
  return { key, other, ...sortedBy([key, other], columns) };
}

/** Sorts the columns of an objects query; people's identifiers are ordinary attributes there. */
export function objectColumns(columns: Column[]): ObjectColumns {
  const key = placeOf('object_id', columns);
  return { key, ...sortedBy([key], columns) };
}

/** Sorts the columns of a relationship query; the person's other identifier is none of them. */
export function relationshipColumns(
  subject: RelationshipsSubject,
  settings: Settings,
  columns: Column[],
): RelationshipColumns {
  const objectId = placeOf('object_id', columns);
  const person = placeOf(subject.identifyBy, columns);
  const deleted = placeIfAny('deleted', columns);
  const ignored = ignoredColumns(subject, settings).map((name) => placeIfAny(name, columns));
  return { objectId, person, deleted, ...sortedBy([objectId, person, deleted, ...ignored], columns) };
}

/** @throws Error if a column is missing, which `checkColumns` would have said */
export function sortColumns(subject: RowSubject, settings: Settings, columns: Column[]): SortedColumns {
  switch (subject.kind) {
    case 'people':
      return peopleColumns(subject, settings, columns);
    case 'objects':
      return objectColumns(columns);
    case 'relationships':
      return relationshipColumns(subject, settings, columns);
  }
}
