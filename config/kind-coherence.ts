import { isMapping, type Path } from './plain-data.js';
import { oneOf, where } from './wording.js';

export interface KindProblem {
  path: Path;
  /** Whether the key itself is at fault, and not its value. */
  atKey: boolean;
  message: string;
}

/**
 * What is wrong between the keys that say what the rows of one sync are: which go with people and which with objects,
 * and by which identifier people are known.
 *
 * @param identifiers those that the workspace lists; none if its list is wrong
 * @param isMeant tells of a key that was misspelled, which needn't be said to be missing
 */
export function kindProblems(
  path: Path,
  sync: Record<string, unknown>,
  identifiers: string[],
  isMeant: (path: Path) => boolean,
): KindProblem[] {
  const kind = sync.import ?? 'people';
  const ofKind =
    kind === 'people'
      ? [...peopleProblems(path, sync), ...identifierProblems([...path, 'identifyBy'], sync.identifyBy)]
      : kind === 'objects'
        ? objectsProblems(path, sync)
        : [];
  const { relationships, segment } = sync;
  return [
    ...ofKind,
    ...(isMapping(segment) ? segmentProblems([...path, 'segment'], segment) : []),
    ...(isMapping(relationships) ? relationshipsProblems([...path, 'relationships'], relationships) : []),
  ];

  function relationshipsProblems(at: Path, section: Record<string, unknown>): KindProblem[] {
    const { objectType, identifyBy } = section;
    const lacksType = objectType === undefined && kind === 'people' && !isMeant([...at, 'objectType']);
    // A people sync's own identifier serves for both; what is wrong with that one is said there.
    const serves = kind === 'people' ? (identifyBy ?? identifiers[0]) : identifyBy;
    return [
      ...(lacksType ? [missing([...at, 'objectType'], 'say what the people are related to', 'company')] : []),
      ...identifierProblems([...at, 'identifyBy'], serves),
    ];
  }

  function identifierProblems(at: Path, identifyBy: unknown): KindProblem[] {
    if (identifyBy === undefined && identifiers.length > 1 && !isMeant(at)) {
      const both = oneOf(identifiers, 'and');
      const does = at.includes('relationships') ? 'names the person' : 'decides whom a row is about';
      const message = `${where(at)} is missing: the workspace has the identifiers ${both}, so say which of them ${does}, as in identifyBy: ${identifiers[0] ?? 'id'}.`;
      return [{ path: at, atKey: false, message }];
    }
    const isKnown = identifyBy === 'id' || identifyBy === 'email';
    if (!isKnown || identifiers.length === 0 || identifiers.includes(identifyBy)) return [];
    const message = `${where(at)} must be ${oneOf(identifiers)}: "${identifyBy}" is not among workspace.identifiers, so it is an ordinary attribute.`;
    return [{ path: at, atKey: false, message }];
  }
}

function peopleProblems(path: Path, { objectType }: Record<string, unknown>): KindProblem[] {
  if (objectType === undefined) return [];
  return [
    outOfPlace([...path, 'objectType'], 'goes with import: objects; this sync imports people. Remove one.'),
  ];
}

function objectsProblems(path: Path, sync: Record<string, unknown>): KindProblem[] {
  const { objectType, identifyBy, segment } = sync;
  const at = (key: string) => [...path, key];
  return [
    ...(objectType === undefined ? [missing(at('objectType'), 'say what the objects are', 'company')] : []),
    ...(identifyBy === undefined
      ? []
      : [outOfPlace(at('identifyBy'), 'is for people: objects are known by object_id. Remove it.')]),
    ...(segment === undefined
      ? []
      : [outOfPlace(at('segment'), 'is for people: a segment has no objects. Remove it.')]),
  ];
}

function segmentProblems(path: Path, { mirror, allowEmpty }: Record<string, unknown>): KindProblem[] {
  if (allowEmpty !== true || mirror === true) return [];
  return [
    outOfPlace([...path, 'allowEmpty'], 'goes with mirror: true: without it nobody leaves. Remove it.'),
  ];
}

const outOfPlace = (path: Path, why: string): KindProblem => ({
  path,
  atKey: true,
  message: `${where(path)} ${why}`,
});

const missing = (path: Path, why: string, example: string): KindProblem => ({
  path,
  atKey: false,
  message: `${where(path)} is missing: ${why}, as in ${String(path.at(-1))}: ${example}.`,
});
