import type { ObjectRecord } from '../store/objects.js';
import type { PersonRecord } from '../store/people.js';
import type { RelationshipRecord, Relationships } from '../store/relationships.js';
import type { MembershipRecord } from '../store/segments.js';
import { cellText, jsonMembers } from './json-members.js';
import { RawJson, type Json } from './json.js';
import { personName } from './segments.js';
import { countText, timeText } from './time-text.js';
import { shortened, visible } from './visible-text.js';

export interface WholePerson extends PersonRecord {
  relationships: Relationships;
  segments: MembershipRecord[];
}

export interface WholeObject extends ObjectRecord {
  relationships: Relationships;
}

/** A line for each member, names in a column of their own; then segments and relationships. */
export function personText(person: WholePerson): string {
  const { id, email, relationships, segments } = person;
  return [
    linesOf([
      ['id', id ?? '(none)'],
      ['email', email ?? '(none)'],
      ...whatAllHave(person),
      ...segments.map(({ segment, addedAt, sync, number }): [string, string] => [
        'segment',
        `${segment}, since ${timeText(addedAt)} by import ${number} of ${sync}`,
      ]),
    ]),
    ...related(
      relationships,
      ({ objectType, objectId }) => `${shortened(objectType, 40)} ${shortened(objectId, 150)}`,
    ),
  ].join('\n');
}

export function objectText(object: WholeObject): string {
  const { objectType, objectId, relationships } = object;
  return [
    linesOf([['type', objectType], ['object_id', objectId], ...whatAllHave(object)]),
    ...related(relationships, ({ id, email }) => personName(id, email)),
  ].join('\n');
}

function whatAllHave({
  createdAt,
  updatedAt,
  attributes,
}: Pick<PersonRecord, 'createdAt' | 'updatedAt' | 'attributes'>): [string, string][] {
  return [
    ['added', createdAt.toISOString()],
    ['changed', updatedAt.toISOString()],
    ...jsonMembers(attributes).map(([name, value]): [string, string] => [`.${name}`, cellText(value)]),
  ];
}

function linesOf(pairs: [name: string, value: string][]): string {
  const lines = pairs.map(([name, value]) => ({ name: visible(name), value: visible(value) }));
  const width = Math.min(32, Math.max(...lines.map(({ name }) => name.length)));
  return lines.map(({ name, value }) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** Such as `related to 2:`, and a line for each. */
function related(
  { count, newest }: Relationships,
  /** Fit for the terminal. */
  other: (relationship: RelationshipRecord) => string,
): string[] {
  if (count === 0) return [];
  const lines = newest.map((each) => {
    const attributes = jsonMembers(each.attributes).map(([name, value]) => `${name}: ${cellText(value)}`);
    return `  ${other(each)}${attributes.length === 0 ? '' : `  ${shortened(attributes.join(', '), 200)}`}`;
  });
  const more = count > newest.length ? [`  and ${countText(count - newest.length)} more`] : [];
  return [`related to ${countText(count)}:`, ...lines, ...more];
}

export function personJson({ id, email, attributes, createdAt, updatedAt, ...rest }: WholePerson): Json {
  return {
    id,
    email,
    attributes: new RawJson(attributes),
    createdAt,
    updatedAt,
    relationshipCount: rest.relationships.count,
    relationships: rest.relationships.newest.map((each) => ({
      objectType: each.objectType,
      objectId: each.objectId,
      ...relationshipJson(each),
    })),
    segments: rest.segments.map((each) => ({ ...each })),
  };
}

export function objectJson(object: WholeObject): Json {
  const { objectType, objectId, attributes, createdAt, updatedAt, relationships } = object;
  return {
    objectType,
    objectId,
    attributes: new RawJson(attributes),
    createdAt,
    updatedAt,
    relationshipCount: relationships.count,
    relationships: relationships.newest.map((each) => ({
      id: each.id,
      email: each.email,
      ...relationshipJson(each),
    })),
  };
}

const relationshipJson = ({ attributes, createdAt, updatedAt }: RelationshipRecord) => ({
  attributes: new RawJson(attributes),
  createdAt,
  updatedAt,
});
