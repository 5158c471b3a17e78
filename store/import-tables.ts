import type { AnyRows } from './row-sql.js';
import { marksOf, qualified } from './staging.js';

/** The tables that planning and applying one query work on, as SQL names: an import's own, or a preview's temporary ones. */
export interface ImportTables extends WorkspaceTables {
  stage: string;
  marks: string;
}

export interface WorkspaceTables {
  people: string;
  objects: string;
  relationships: string;
  failures: string;
}

/** What an import works on: its staging, and the workspace's tables. */
export const importTables = (staging: string): ImportTables => ({
  stage: qualified(staging),
  marks: qualified(marksOf(staging)),
  people: 'inlet.person',
  objects: 'inlet.object',
  relationships: 'inlet.relationship',
  failures: 'inlet.import_failure',
});

/** In which of the workspace's tables rows of a kind are looked up. */
export function tablesLookedUp(
  kind: AnyRows['kind'],
  { people, objects, relationships }: WorkspaceTables,
): string[] {
  switch (kind) {
    case 'people':
      return [people];
    case 'objects':
      return [objects];
    case 'relationships':
      return [people, objects, relationships];
  }
}
