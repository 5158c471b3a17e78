import { replacements } from './last-sync-time.js';
import { placeIn } from './place.js';
import { quotedStretches } from './postgres/query-text.js';

/**
 * Where `{{last_sync_time}}` stands inside quotes, which is filled in all the same: in a quoted name it makes another
 * name with every import, in a text it is a part of that text.
 *
 * @returns a sentence each
 * @throws SourceError where the query has any other `{{…}}`
 */
export function quotedPlaceholders(query: string): string[] {
  const stretches = quotedStretches(query);
  return replacements(query, 0).flatMap(({ start }) => {
    const around = stretches.find((stretch) => stretch.start < start && start < stretch.end);
    if (around === undefined) return [];
    const { line } = placeIn(query, start);
    return around.kind === 'name'
      ? `{{last_sync_time}} in line ${line} of the query is inside a quoted name, which so changes with every import. Write it outside of the quotes.`
      : `{{last_sync_time}} in line ${line} of the query is inside a quoted text, and becomes a part of it. If it is meant as the time, write it outside of the quotes.`;
  });
}
