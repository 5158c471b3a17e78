import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import { addingObjects, applyObjects } from './apply-objects.js';
import { addingPeople, applyPeople } from './apply-people.js';
import { applyRelationships } from './apply-relationships.js';
import type { ImportScope } from './import-scope.js';
import type { ImportTables } from './import-tables.js';
import type { AnyRows } from './row-sql.js';
import type { Range } from './staged-range.js';
import type { ResultKind } from './statement-result.js';

export interface Applied {
  tables: ImportTables;
  rows: AnyRows;
  definition: SyncDefinition;
  settings: WorkspaceSettings;
  scope: ImportScope;
}

export interface Statements {
  /** Applies a range of rows. */
  sql: (range: Range, result?: ResultKind) => string;
  /** Adds what the sound rows of a range are about, where there is nothing yet; null if that is not done apart. */
  adding: ((range: Range) => string) | null;
  /** The value of the parameter $1 of both: the number of what the rows are looked up in. */
  within: number;
}

/** The statements that apply rows of one query. */
export function statementsFor({ tables, rows, definition, settings, scope }: Applied): Statements {
  const { mode } = definition;
  const { workspaceId, objectTypeId, relatedTypeId, membership } = scope;
  switch (rows.kind) {
    case 'people': {
      const statement = { tables, rows, mode, settings, membership };
      return {
        sql: (range, result) => applyPeople(statement, range, result),
        adding: addingPeople(statement),
        within: workspaceId,
      };
    }
    case 'objects': {
      const statement = { tables, rows, mode };
      return {
        sql: (range, result) => applyObjects(statement, range, result),
        adding: addingObjects(statement),
        within: known(objectTypeId),
      };
    }
    case 'relationships': {
      const objectType = definition.relationships?.objectType ?? '';
      const statement = { tables, rows, objectType, objectTypeId: known(relatedTypeId) };
      return {
        sql: (range, result) => applyRelationships(statement, range, result),
        adding: null,
        within: workspaceId,
      };
    }
  }
}

/** Planning has made the types that the import speaks of. */
function known(objectTypeId: number | null): number {
  if (objectTypeId === null) throw new Error('The object type is not in the store.');
  return objectTypeId;
}
