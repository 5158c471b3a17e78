import { isOnlyReferences } from './environment-reference.js';
import { keysAt, sectionsWith } from './json-schema.js';
import { didYouMean, near } from './near.js';
import type { Path } from './plain-data.js';
import { oneOf, shown, where } from './wording.js';

/** What people call our keys elsewhere: lower case, without `-` and `_`. */
const otherNames: Record<string, readonly string[]> = {
  every: ['interval', 'schedule', 'cron', 'frequency'],
  query: ['sql', 'statement', 'select'],
  queryFile: ['sqlfile', 'file'],
  database: ['source', 'connection', 'db'],
  identifyBy: ['key', 'primarykey', 'identifier'],
  startAt: ['start', 'startsat', 'firstrun'],
  queryTimeout: ['timeout', 'statementtimeout'],
  ssl: ['sslmode', 'tls'],
  sslRootCert: ['ca', 'sslca', 'rootcert'],
  url: ['uri', 'dsn', 'connectionstring'],
  maxRows: ['limit', 'rowlimit'],
  import: ['type'],
};
const password = /^(?:pg)?pass(?:word|wd)?$|^pwd$|^secret$/i;
const partOfUrl = /^(?:host|hostname|hostaddr|server|port|user|username|database|dbname|db)$/i;
const urlExample = '"postgres://user:${PASSWORD}@host:5432/database"';

/**
 * What to say of a key that its section doesn't know.
 *
 * @returns the sentence, and the section's keys that may have been meant: that one of these is missing needn't be said
 */
export function explainUnknownKey(
  section: Path,
  key: string,
  given: unknown,
): { message: string; meant: string[] } {
  const keys = keysAt(section);
  const unknown =
    `Unknown key ${shown(key)}`.trimEnd() + (section.length === 0 ? '' : ` in ${where(section)}`);

  const isConnection = keys.includes('url') && section[0] !== 'alerts';
  if (isConnection && password.test(key)) {
    const advice = `refer to it in the url, as in ${urlExample}`;
    const message =
      typeof given === 'string' && isOnlyReferences(given)
        ? `${unknown}; ${advice}.`
        : `${where([...section, key])}: passwords don't belong into this file. Put it into an environment variable and ${advice}.`;
    return { message, meant: ['url'] };
  }
  if (isConnection && partOfUrl.test(key)) {
    return { message: `${unknown}; a connection is one url, as in ${urlExample}.`, meant: ['url'] };
  }
  if (key.includes(':')) {
    return { message: `${unknown}; a space must follow the ":" after a key.`, meant: keys };
  }
  const plain = key.toLowerCase().replaceAll(/[-_]/g, '');
  const synonym = keys.find((candidate) => otherNames[candidate]?.includes(plain));
  if (synonym !== undefined) return { message: `${unknown}; did you mean "${synonym}"?`, meant: [synonym] };
  const elsewhere = sectionsWith(key).filter((name) => name !== '');
  const meant = elsewhere.length > 0 ? [] : near(key, keys);
  if (meant.length > 0) return { message: unknown + didYouMean(key, keys), meant };
  const advice =
    elsewhere.length > 0 ? `it belongs into ${oneOf(elsewhere)}` : `the keys here are ${oneOf(keys, 'and')}`;
  return { message: `${unknown}; ${advice}.`, meant: [] };
}
