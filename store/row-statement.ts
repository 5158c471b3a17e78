import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import { applyObjects } from './apply-objects.js';
import { applyPeople } from './apply-people.js';
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

/**
 * The statement that applies rows of one query.
 * @returns the SQL for a range of rows, and the value of its parameter $1: the number of what the rows are looked up in
 */
export function statementFor({ tables, rows, definition, settings, scope }: Applied): {
  sql: (range: Range, result?: ResultKind) => string;
  within: number;
} {
  const { mode } = definition;
  const { workspaceId, objectTypeId, relatedTypeId, membership } = scope;
  switch (rows.kind) {
    case 'people': {
      const statement = { tables, rows, mode, settings, membership };
      return { sql: (range, result) => applyPeople(statement, range, result), within: workspaceId };
    }
    case 'objects': {
      const statement = { tables, rows, mode };
      return { sql: (range, result) => applyObjects(statement, range, result), within: known(objectTypeId) };
    }
    case 'relationships': {
      const objectType = definition.relationships?.objectType ?? '';
      const statement = { tables, rows, objectType, objectTypeId: known(relatedTypeId) };
      return { sql: (range, result) => applyRelationships(statement, range, result), within: workspaceId };
    }
  }
}

/** Planning has made the types that the import speaks of. */
function known(objectTypeId: number | null): number {
  if (objectTypeId === null) throw new Error('The object type is not in the store.');
  return objectTypeId;
}
