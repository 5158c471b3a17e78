import { stringify } from 'yaml';
import type { z } from 'zod';
import { describedPlace } from './json-schema.js';
import { didYouMean } from './near.js';
import { valueAt, type Path } from './plain-data.js';
import { explainUnknownKey } from './unknown-keys.js';
import { notThis, oneOf, where } from './wording.js';

export interface Explained {
  problems: {
    path: Path;
    /** Whether the key itself is at fault, and not its value. */
    atKey: boolean;
    message: string;
  }[];
  /** True for a key that is missing only because it was misspelled, which is said already. */
  isMeant: (path: Path) => boolean;
}

/** zod's error map: says what is wrong as the rest of a sentence that begins with the key. */
export const inOurWords: z.core.$ZodErrorMap = (issue) => {
  const { input } = issue;
  if (input === undefined) return 'is missing';
  if (input === null) return 'has no value';
  const instead = isConnection(issue.path) ? '' : notThis(input);
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${expectation(issue.expected, input)}${instead}`;
    case 'invalid_value': {
      const words = issue.values.map(String);
      const guess = typeof input === 'string' && words.length > 1 ? didYouMean(input, words) : '';
      return `must be ${oneOf(words)}${instead}${guess}`;
    }
    case 'too_small':
      if (issue.origin === 'string') return 'is empty';
      return issue.origin === 'array' ? 'lists nothing' : `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `is longer than ${issue.maximum} characters`
        : `must be at most ${issue.maximum}`;
    default:
      return 'is not valid';
  }
};

/** Whole sentences for zod's issues (parsed with `inOurWords`), one for each place and each unknown key. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], value: unknown): Explained {
  const problems = new Map<string, Explained['problems'][number]>();
  const meant = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    for (const key of issue.keys) {
      const path = [...issue.path, key];
      const explained = explainUnknownKey(issue.path, key, valueAt(value, path));
      problems.set(identity(path), { path, atKey: true, message: explained.message });
      for (const candidate of explained.meant) meant.add(identity([...issue.path, candidate]));
    }
  }
  for (const { code, path, message } of issues) {
    if (code === 'unrecognized_keys') continue;
    if (message === 'is missing' && meant.has(identity(path))) continue;
    const example = message === 'is missing' || message === 'has no value' ? exampleOf(path) : '';
    const sentence = `${path.length === 0 ? 'The file' : where(path)} ${message}${example}`;
    // A number that is too large breaks two rules: the later, ours, replaces the earlier.
    problems.set(identity(path), {
      path,
      atKey: false,
      message: sentence.endsWith('?') ? sentence : `${sentence}.`,
    });
  }
  return { problems: [...problems.values()], isMeant: (path) => meant.has(identity(path)) };
}

const identity = (path: Path) => JSON.stringify(path);

/** Connections can hold credentials: what is written there is not repeated. */
function isConnection(path: Path | undefined): boolean {
  switch (path?.[0]) {
    case 'store':
      return true;
    case 'alerts':
      return path[1] !== 'after';
    default:
      return path?.[0] === 'databases' && path[2] !== 'type';
  }
}

function expectation(expected: string, input: unknown): string {
  switch (expected) {
    case 'string':
      return typeof input === 'number' || typeof input === 'boolean' ? 'text (put it into quotes)' : 'text';
    case 'boolean':
      return 'true or false';
    case 'int':
    case 'number':
      return 'a whole number, with digits only';
    case 'array':
      return 'a list such as [id, email]';
    default:
      return 'a mapping of keys to values';
  }
}

/** `; for example every: 1h` */
function exampleOf(path: Path): string {
  const example = describedPlace(path)?.examples?.[0];
  const key = path.at(-1);
  if (example === undefined || typeof key !== 'string') return '';
  return `; for example ${stringify({ [key]: example }, { collectionStyle: 'flow', lineWidth: 0 })
    .trim()
    .replace(/^\{ (.*) \}$/, '$1')}`;
}
