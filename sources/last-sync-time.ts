import { SourceError } from './source-error.js';
import { placeIn } from './place.js';

/** A stretch of a query as written, and the text that takes its place. */
export interface Replacement {
  start: number;
  end: number;
  text: string;
}

const placeholder = /\{\{([^{}]*)\}\}/g;
const unclosed = /\{\{\s*[A-Za-z_]\w*/g;

/** Whether a query asks for `{{last_sync_time}}`; white space inside the braces does not matter. */
export function usesLastSyncTime(query: string): boolean {
  return [...query.matchAll(placeholder)].some(([, name]) => name?.trim() === 'last_sync_time');
}

/**
 * Puts the Unix time, in whole seconds, where a query says `{{last_sync_time}}` (docs/scheduling.md).
 *
 * @throws SourceError where the query has any other `{{…}}`: it names it and its line
 */
export function fillLastSyncTime(query: string, seconds: number): string {
  return fill(query, replacements(query, seconds));
}

/** Where `{{last_sync_time}}` stands in a query, in its order; throws as `fillLastSyncTime` does. */
export function replacements(query: string, seconds: number): Replacement[] {
  if (!Number.isSafeInteger(seconds) || seconds < 0) {
    throw new RangeError(`last_sync_time must be whole Unix seconds, not ${seconds}`);
  }
  const found = [...query.matchAll(placeholder)].map((match) => {
    const [whole, name = ''] = match;
    if (name.trim() !== 'last_sync_time') refuse(query, match.index, whole);
    return { start: match.index, end: match.index + whole.length, text: String(seconds) };
  });
  for (const match of query.matchAll(unclosed)) {
    if (!found.some(({ start }) => start === match.index)) refuse(query, match.index, match[0]);
  }
  return found;
}

/** A query with its replacements made. */
export function fill(query: string, made: Replacement[]): string {
  let filled = '';
  let from = 0;
  for (const { start, end, text } of made) {
    filled += query.slice(from, start) + text;
    from = end;
  }
  return filled + query.slice(from);
}

function refuse(query: string, at: number, whole: string): never {
  const position = placeIn(query, at);
  const shown = whole.replaceAll(/\s+/g, ' ');
  throw new SourceError({
    message:
      `The query has ${shown} in line ${position.line}; the only placeholder there is, is {{last_sync_time}}. ` +
      'If it is no placeholder but text or an array, write "{ {".',
    phase: 'describe',
    retryable: false,
    position,
  });
}
