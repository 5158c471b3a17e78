import { replacements } from './last-sync-time.js';
import { placeIn } from './place.js';
import { quotedStretches } from './postgres/query-text.js';

export interface QuotedPlaceholder {
  /** Which `{{last_sync_time}}` of the query it is, counted from 0. */
  nth: number;
  /** A sentence. */
  message: string;
}

/**
 * Where `{{last_sync_time}}` stands inside quotes, which is filled in all the same: in a quoted name it makes another
 * name with every import, in a text it is a part of that text.
 *
 * @throws SourceError where the query has any other `{{…}}`
 */
export function findQuotedPlaceholders(query: string): QuotedPlaceholder[] {
  const stretches = quotedStretches(query);
  return replacements(query, 0).flatMap(({ start }, nth) => {
    const around = stretches.find((stretch) => stretch.start < start && start < stretch.end);
    if (around === undefined) return [];
    const { line } = placeIn(query, start);
    const where = `{{last_sync_time}} in line ${line} of the query is inside a quoted`;
    const message =
      around.kind === 'name'
        ? `${where} name, which so changes with every import. Write it outside of the quotes.`
        : `${where} text, and becomes a part of it. If it is meant as the time, write it outside of the quotes.`;
    return { nth, message };
  });
}

/** Only the sentences of `findQuotedPlaceholders`. */
export function quotedPlaceholders(query: string): string[] {
  return findQuotedPlaceholders(query).map(({ message }) => message);
}
