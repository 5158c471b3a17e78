import type { SyncDefinition } from '../config/sync-definition.js';
import { visible } from './visible-text.js';

/** What a sync imports, as pairs of a name and a text: its rows, their relationships, its segment. */
export function targetPairs(definition: SyncDefinition): [name: string, text: string | null][] {
  const { mode, database, relationships } = definition;
  const rows: [string, string] =
    definition.import === 'people'
      ? ['people', `${mode}, by ${definition.identifyBy}, from ${database}`]
      : ['objects', `${mode}, of type ${visible(definition.objectType)}, from ${database}`];
  return [
    rows,
    ['relationships', relationships === undefined ? null : relationshipsText(relationships)],
    ['segment', definition.import === 'people' ? segmentText(definition) : null],
  ];
}

const relationshipsText = ({ identifyBy, objectType }: NonNullable<SyncDefinition['relationships']>) =>
  `of people, by ${identifyBy}, to ${visible(objectType)}`;

function segmentText({ segment }: Extract<SyncDefinition, { import: 'people' }>): string | null {
  if (segment === undefined) return null;
  const leaving = segment.mirror
    ? `; who is no longer in the result leaves${segment.allowEmpty ? '' : ', unless the result is empty'}`
    : '';
  return `${visible(segment.name)}${leaving}`;
}
