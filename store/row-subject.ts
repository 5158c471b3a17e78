import type { Identifier, SyncDefinition } from '../config/sync-definition.js';
import type { QueryName } from '../sources/source.js';

/** What each row of one query is about. */
export type RowSubject = PeopleSubject | ObjectsSubject | RelationshipsSubject;

export interface PeopleSubject {
  kind: 'people';
  /** The identifier that is the key. */
  identifyBy: Identifier;
}

export interface ObjectsSubject {
  kind: 'objects';
}

export interface RelationshipsSubject {
  kind: 'relationships';
  /** The identifier by which a row names its person. */
  identifyBy: Identifier;
}

/** The rows of a sync's main query. */
export function mainSubject(definition: SyncDefinition): PeopleSubject | ObjectsSubject {
  return definition.import === 'people'
    ? { kind: 'people', identifyBy: definition.identifyBy }
    : { kind: 'objects' };
}

/** The rows of a sync's relationship query; null if it has none. */
export function relationshipsSubject({ relationships }: SyncDefinition): RelationshipsSubject | null {
  return relationships === undefined ? null : { kind: 'relationships', identifyBy: relationships.identifyBy };
}

/** @throws Error if the sync has no such query */
export function subjectOf(definition: SyncDefinition, query: QueryName): RowSubject {
  const subject = query === 'main' ? mainSubject(definition) : relationshipsSubject(definition);
  if (subject === null) throw new Error(`The sync ${definition.sync} has no ${query} query.`);
  return subject;
}
