import { near } from '../config/near.js';

/**
 * Sentences on a name that is not there, with those that are near, or all of them if none is and they are few.
 *
 * @param kind what is named: `sync`, `database`
 */
export function unknownName(kind: string, name: string, place: string, names: Iterable<string>): string {
  const all = [...names];
  const start = `There is no ${kind} "${name}" in ${place}.`;
  const meant = near(name, all);
  if (meant.length > 0) return `${start} Did you mean ${meant.map((each) => `"${each}"`).join(' or ')}?`;
  if (all.length === 0) return `${start} There is none at all.`;
  const shown = all.slice(0, 10).map((each) => `"${each}"`);
  const more = all.length > shown.length ? ` and ${all.length - shown.length} more` : '';
  return `${start} There ${all.length === 1 ? 'is' : 'are'} ${shown.join(', ')}${more}.`;
}
