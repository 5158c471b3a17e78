import type { SyncDefinition } from '../config/sync-definition.js';

/** Sentences on what a change means for rows that are already past (docs/scheduling.md, "Changing a sync"). */
export function changeWarnings(former: SyncDefinition, next: SyncDefinition): string[] {
  const warnings: string[] = [];
  if (former.database !== next.database)
    warnings.push(
      `The sync reads from another database now, so its last_sync_time is 0: the next import asks for all rows.`,
    );
  const changed = [
    former.query !== next.query && 'query',
    former.identifyBy !== next.identifyBy && 'identifier',
  ].filter((what) => what !== false);
  if (changed.length > 0 && former.database === next.database)
    warnings.push(
      `The ${changed.join(' and the ')} changed: rows whose time is already past will not come again by themselves. Run \`inlet trigger ${next.sync} --full\` to ask for all of them.`,
    );
  return warnings;
}
