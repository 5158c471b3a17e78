import { Context } from '@temporalio/activity';
import { resolveDatabase } from '../config/workspace-file.js';
import type { SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import { openSource } from '../sources/open-source.js';
import { quotedPlaceholders } from '../sources/quoted-placeholders.js';
import type { Column } from '../sources/source.js';
import { checkColumns } from '../store/column-rules.js';
import { saveSync } from '../store/workspaces.js';
import type { Activities } from './activities.js';
import { changeWarnings } from './change-warnings.js';
import type { Dependencies } from './dependencies.js';
import { failure } from './failures.js';

/** Makes the activity `defineSync`: see `Activities`. */
export function defineSyncActivity({ file, store }: Dependencies): Activities['defineSync'] {
  return async ({ definition, settings }) => {
    const columns = await describeColumns(definition);
    const { problems, warnings } = checkColumns(definition, settings, columns);
    if (problems.length > 0) throw failure('DefinitionRefused', problems.join(' '));
    return await save(definition, settings, columns, warnings);
  };

  async function describeColumns(definition: SyncDefinition): Promise<Column[]> {
    if (!file.databases.has(definition.database))
      throw failure(
        'DefinitionRefused',
        `The worker's file has no database "${definition.database}". Give the worker the current inlet.yaml and restart it.`,
      );
    const source = openSource(resolveDatabase(file, definition.database));
    try {
      return await source.describe(definition.query, Context.current().cancellationSignal);
    } finally {
      await source.close();
    }
  }

  async function save(
    definition: SyncDefinition,
    settings: WorkspaceSettings,
    columns: Column[],
    warnings: string[],
  ) {
    const { created, former, nextNumber, lastSyncTime } = await saveSync(store, definition, settings);
    return {
      created,
      nextNumber,
      lastSyncTime,
      warnings: [
        ...warnings,
        ...quotedPlaceholders(definition.query),
        ...(former === null ? [] : changeWarnings(former, definition)),
      ],
      columns: columns.map(({ name, sourceType }) => ({ name, sourceType })),
    };
  }
}
