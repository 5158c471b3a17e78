import { Context } from '@temporalio/activity';
import { resolveDatabase } from '../config/workspace-file.js';
import {
  queriesOf,
  segmentOf,
  type SyncDefinition,
  type WorkspaceSettings,
} from '../config/sync-definition.js';
import { usesLastSyncTime } from '../sources/last-sync-time.js';
import { openSource } from '../sources/open-source.js';
import { quotedPlaceholders } from '../sources/quoted-placeholders.js';
import { ofRelationshipQuery } from '../sources/source-error.js';
import type { Column, QueryName } from '../sources/source.js';
import { checkColumns } from '../store/column-rules.js';
import { subjectOf } from '../store/row-subject.js';
import { saveSync } from '../store/workspaces.js';
import type { Activities } from './activities.js';
import { changeWarnings } from './change-warnings.js';
import type { Dependencies } from './dependencies.js';
import { failure } from './failures.js';

/** Makes the activity `defineSync`: see `Activities`. */
export function defineSyncActivity({ file, store }: Dependencies): Activities['defineSync'] {
  return async ({ definition, settings }) => {
    const described = await describeQueries(definition);
    const checked = described.map(({ query, columns }) =>
      checkColumns(subjectOf(definition, query), settings, columns),
    );
    const problems = [...checked.flatMap((each) => each.problems), ...mirrorProblems(definition)];
    if (problems.length > 0) throw failure('DefinitionRefused', problems.join(' '));
    return await save(
      definition,
      settings,
      described,
      checked.flatMap(({ warnings }) => warnings),
    );
  };

  async function describeQueries(definition: SyncDefinition): Promise<Described[]> {
    if (!file.databases.has(definition.database))
      throw failure(
        'DefinitionRefused',
        `The worker's file has no database "${definition.database}". Give the worker the current inlet.yaml and restart it.`,
      );
    const source = openSource(resolveDatabase(file, definition.database));
    const signal = Context.current().cancellationSignal;
    const { query, relationships } = definition;
    try {
      const main: Described = { query: 'main', columns: await source.describe(query, signal) };
      if (relationships === undefined) return [main];
      const related = source.describe(relationships.query, signal).catch((error: unknown) => {
        throw ofRelationshipQuery(error);
      });
      return [main, { query: 'relationships', columns: await related }];
    } finally {
      await source.close();
    }
  }

  async function save(
    definition: SyncDefinition,
    settings: WorkspaceSettings,
    described: Described[],
    warnings: string[],
  ) {
    const { created, former, nextNumber, lastSyncTime } = await saveSync(store, definition, settings);
    const columnsOf = (name: QueryName) =>
      described
        .find(({ query }) => query === name)
        ?.columns.map(({ name: column, sourceType }) => ({ name: column, sourceType }));
    const related = columnsOf('relationships');
    return {
      created,
      nextNumber,
      lastSyncTime,
      warnings: [
        ...warnings,
        ...queriesOf(definition).flatMap(({ text }) => quotedPlaceholders(text)),
        ...(former === null ? [] : changeWarnings(former, definition)),
      ],
      columns: columnsOf('main') ?? [],
      ...(related !== undefined && { relationshipColumns: related }),
    };
  }
}

interface Described {
  query: QueryName;
  columns: Column[];
}

/** As the file is checked, too; a definition may come from elsewhere. */
function mirrorProblems(definition: SyncDefinition): string[] {
  const mirrors = segmentOf(definition)?.mirror === true;
  return mirrors && usesLastSyncTime(definition.query)
    ? [
        'The segment has mirror, and the query has {{last_sync_time}}: it asks for what changed, and people who are not in its result need not be gone. Ask for everybody, or remove mirror.',
      ]
    : [];
}
