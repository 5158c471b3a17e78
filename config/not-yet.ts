import { isMapping, type Path } from './plain-data.js';
import { where } from './wording.js';

/** Keys that people will look for because a later version has them, and what this version lacks. */
const laterKeys: Record<string, string> = {
  alerts: 'alerts',
};
export interface NotYet {
  /** What this version can't do, with the key that asks for it. */
  problems: { path: Path; message: string }[];
  /** The file's data without those parts, so that nothing else is said of them. */
  rest: unknown;
}

/** Takes out what later versions of Inlet bring, so that it is refused as that and not as a typing error. */
export function setAsideNotYet(value: unknown): NotYet {
  const rest = structuredClone(value);
  const problems: NotYet['problems'] = [];
  const refuse = (path: Path, lacks: string, remove: string) =>
    problems.push({ path, message: `${where(path)}: this version of Inlet ${lacks} yet. Remove ${remove}.` });

  const refuseKeys = (section: unknown, path: Path) => {
    if (!isMapping(section)) return;
    for (const [key, what] of Object.entries(laterKeys)) {
      if (!Object.hasOwn(section, key)) continue;
      refuse([...path, key], `has no ${what}`, 'this key');
      Reflect.deleteProperty(section, key);
    }
  };

  if (!isMapping(rest)) return { problems, rest };
  refuseKeys(rest, []);
  refuseKeys(rest.workspace, ['workspace']);
  for (const [name, sync] of entriesOf(rest.syncs)) {
    refuseKeys(sync, ['syncs', name]);
  }
  return { problems, rest };
}

function entriesOf(section: unknown): [string, unknown][] {
  return isMapping(section) ? Object.entries(section) : [];
}
