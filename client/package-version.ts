import { readFileSync } from 'node:fs';

/** From package.json, which is above this file in the checkout and above dist/ in a package. */
export function packageVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
    } catch {
      // Not there: the other place.
    }
  }
  return 'unknown';
}
