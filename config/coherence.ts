import { databaseProblems } from './database-coherence.js';
import { kindProblems } from './kind-coherence.js';
import { didYouMean } from './near.js';
import { namePattern, nameRule } from './schema/values.js';
import { isMapping, type Path } from './plain-data.js';
import { oneOf, shown, where } from './wording.js';
import type { ConfigProblem } from './config-error.js';
import type { Position, YamlDocument } from './yaml-document.js';

/**
 * What is wrong between keys: names, and what refers to something that isn't there. Looks at the data as it was
 * written, so that it can speak even where single keys are wrong as well.
 *
 * @param isMeant tells of a key that was misspelled, which needn't be said to be missing
 */
export function coherenceProblems(document: YamlDocument, isMeant: (path: Path) => boolean): ConfigProblem[] {
  const { file, value } = document;
  if (!isMapping(value)) return [];
  const problems: ConfigProblem[] = [];
  const say = (position: Position, message: string) => problems.push({ file, ...position, message });

  const databases = isMapping(value.databases) ? Object.keys(value.databases) : [];
  const syncs = isMapping(value.syncs) ? value.syncs : {};
  for (const path of [
    ...databases.map((name) => ['databases', name]),
    ...Object.keys(syncs).map((name) => ['syncs', name]),
  ]) {
    if (new RegExp(namePattern).test(path[1] ?? '')) continue;
    say(document.positionOfKey(path), `The name ${where(path)} ${nameRule}.`);
  }

  for (const [name, database] of Object.entries(isMapping(value.databases) ? value.databases : {})) {
    if (!isMapping(database)) continue;
    for (const { path, atKey, message } of databaseProblems(['databases', name], database, isMeant))
      say(atKey ? document.positionOfKey(path) : document.positionOf(path), message);
  }

  const identifiers = listedIdentifiers(value.workspace);
  for (const [name, sync] of Object.entries(syncs)) {
    if (!isMapping(sync)) continue;
    const { database } = sync;

    if (typeof database === 'string' && !databases.includes(database)) {
      const path = ['syncs', name, 'database'];
      const listed = databases.filter((known) => new RegExp(namePattern).test(known));
      const ending =
        didYouMean(database, listed) ||
        (listed.length === 0 ? '; this file lists none.' : `; this file lists ${oneOf(listed, 'and')}.`);
      const unknown = [`unknown database`, shown(database)].filter((part) => part !== '').join(' ');
      say(document.positionOf(path), `${where(path)}: ${unknown}${ending}`);
    }

    for (const { path, atKey, message } of kindProblems(['syncs', name], sync, identifiers, isMeant))
      say(atKey ? document.positionOfKey(path) : document.positionOf(path), message);
  }
  return problems;
}

/** None if the list itself is wrong, which the schema says. */
function listedIdentifiers(workspace: unknown): string[] {
  const identifiers = isMapping(workspace) ? workspace.identifiers : undefined;
  if (identifiers === undefined) return ['id', 'email'];
  if (!Array.isArray(identifiers)) return [];
  const known = identifiers.filter((identifier) => identifier === 'id' || identifier === 'email');
  return known.length === identifiers.length ? known.map(String) : [];
}
