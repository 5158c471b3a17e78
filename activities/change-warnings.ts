import type { SyncDefinition } from '../config/sync-definition.js';

/** Sentences on what a change means for rows that are already past (docs/scheduling.md, "Changing a sync"). */
export function changeWarnings(former: SyncDefinition, next: SyncDefinition): string[] {
  const warnings: string[] = [];
  if (former.database !== next.database)
    warnings.push(
      `The sync reads from another database now, so its last_sync_time is 0: the next import asks for all rows.`,
    );
  const before = aspectsOf(former);
  const changed = aspectsOf(next).filter(({ value }, index) => before[index]?.value !== value);
  const what = changed.map(({ name }) => `the ${name}`);
  if (what.length > 0 && former.database === next.database)
    warnings.push(
      `${capitalised(new Intl.ListFormat('en').format(what))} changed: rows whose time is already past will not come again by themselves. Run \`inlet trigger ${next.sync} --full\` to ask for all of them.`,
    );
  return warnings;
}

/** What decides which rows come, and what they are; in a fixed order. */
function aspectsOf(definition: SyncDefinition): { name: string; value: string | undefined }[] {
  const { query, relationships } = definition;
  const people = definition.import === 'people' ? definition : undefined;
  return [
    { name: 'query', value: query },
    { name: 'kind of rows', value: definition.import },
    { name: 'identifier', value: people?.identifyBy },
    { name: 'object type', value: definition.import === 'objects' ? definition.objectType : undefined },
    { name: 'segment', value: people?.segment?.name },
    { name: 'relationship query', value: relationships?.query },
    { name: "relationships' identifier", value: relationships?.identifyBy },
    { name: "relationships' object type", value: relationships?.objectType },
  ];
}

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
