import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Pair,
  type Range,
  type YAMLMap,
} from 'yaml';
import { ConfigError } from './config-error.js';
import type { Path } from './plain-data.js';
import { aliasProblems, aliasTargets, isMerge, resolveAlias, type AliasTargets } from './yaml-aliases.js';
import { beyondLimits } from './yaml-limits.js';
import { syntaxProblems, type PlacedProblem } from './yaml-problems.js';
import { repeatedKeys } from './yaml-repeated-keys.js';

/** From 1 each. */
export interface Position {
  line: number;
  column: number;
}

/** A YAML file as plain data, that still knows where everything was written. */
export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** Repeated keys and unknown tags: wrong, but the rest can be looked at. */
  readonly problems: PlacedProblem[];
  /** Where the value is; where there is none, where its key or the nearest one above is. */
  positionOf(path: Path): Position;
  /** Where the key is that leads to the value. */
  positionOfKey(path: Path): Position;
  /** Where the nth match (from 0) of a pattern is within a text value; the value's position if that can't be said. */
  positionOfMatch(path: Path, pattern: RegExp, nth: number): Position;
}

/** Enough for a few thousand syncs that share an anchor, too few for an alias bomb. */
const maxAliasCount = 10_000;

/**
 * Reads YAML 1.2 with merge keys (`<<`); every key is text, whatever it looks like.
 *
 * @param file what problems call the file
 * @throws ConfigError if it isn't YAML
 */
export function readYaml(file: string, text: string): YamlDocument {
  refuseTooMuch(file, text);
  const lines = new LineCounter();
  const options = {
    lineCounter: lines,
    schema: 'core',
    merge: true,
    stringKeys: true,
    uniqueKeys: false, // repeatedKeys looks for them
    resolveKnownTags: false,
    prettyErrors: false, // it would quote the file, credentials included
    logLevel: 'error',
  } as const;
  const document = parseDocument(text, options);
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };

  const { fatal, others } = syntaxProblems(document, text, positionAt);
  const targets: AliasTargets = fatal.length > 0 ? new Map() : aliasTargets(document);
  const broken = fatal.length > 0 ? fatal : aliasProblems(document, targets, positionAt);
  if (broken.length > 0) throw new ConfigError(broken.map((problem) => ({ file, ...problem })));

  return {
    file,
    value: plainValue(document, file),
    problems: [...others, ...repeatedKeys(document, positionAt)],
    positionOf(path) {
      const { value, key, complete } = find(document.contents, targets, path);
      return positionAt((complete ? (value ?? key) : key)?.[0] ?? 0);
    },
    positionOfKey(path) {
      return positionAt(find(document.contents, targets, path).key?.[0] ?? 0);
    },
    positionOfMatch(path, pattern, nth) {
      const { key, text: range } = find(document.contents, targets, path);
      const [start, end] = range ?? key ?? [0, 0];
      const match = [...text.slice(start, end).matchAll(pattern)][nth];
      return positionAt(start + (match?.index ?? 0));
    },
  };
}

/** Before anything else, so that nothing is made of a text that is only there to be too much. */
function refuseTooMuch(file: string, text: string): void {
  const beyond = beyondLimits(text);
  if (beyond === undefined) return;
  const { offset, message } = beyond;
  const before = text.slice(0, offset).split('\n');
  throw new ConfigError([{ file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message }]);
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount });
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    const message = 'The file repeats parts of itself through aliases (*name) too often. Write them out.';
    throw new ConfigError([{ file, message }]);
  }
}

interface Found {
  /** Where the innermost key that could be followed is. */
  key: Range | undefined;
  /** Where the value is, unless it is missing or empty. */
  value: Range | undefined;
  /** The same, but where an alias leads to if the value is one. */
  text?: Range | undefined;
  /** False if the path leads on from where the file ends. */
  complete: boolean;
}

/** Follows a path through aliases and merge keys as far as it leads. */
function find(contents: unknown, targets: AliasTargets, path: Path): Found {
  let node = contents;
  let key: Range | undefined;
  for (const step of path) {
    const target = resolveAlias(targets, node);
    if (isMap(target)) {
      const pair = pairWithKey(targets, target, String(step), new Set());
      if (pair === undefined) return { key, value: undefined, complete: false };
      key = rangeOf(pair.key) ?? key;
      node = pair.value;
    } else if (isSeq(target) && target.items[Number(step)] !== undefined) {
      node = target.items[Number(step)];
      key = rangeOf(node) ?? key;
    } else {
      return { key, value: undefined, complete: false };
    }
  }
  const isEmpty = isScalar(node) && node.value === null && node.source === '';
  return {
    key,
    value: isEmpty ? undefined : rangeOf(node),
    text: rangeOf(resolveAlias(targets, node)),
    complete: true,
  };
}

/** A map's own key, else one that it merges; `seen` ends maps that merge themselves. */
function pairWithKey(targets: AliasTargets, map: YAMLMap, key: string, seen: Set<YAMLMap>): Pair | undefined {
  if (seen.has(map)) return undefined;
  seen.add(map);
  const own = ownPairs(map).get(key);
  if (own !== undefined) return own;
  for (const pair of map.items.filter(isMerge)) {
    const merged = resolveAlias(targets, pair.value);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const target = resolveAlias(targets, source);
      const found = isMap(target) ? pairWithKey(targets, target, key, seen) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** A map's own keys; of a repeated one the first. Made once: a long map is asked for each of its keys. */
function ownPairs(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = indexes.get(map);
  if (known !== undefined) return known;
  const pairs = new Map<string, Pair>();
  for (const pair of map.items) {
    const key = keyText(pair);
    if (key !== undefined && !pairs.has(key) && !isMerge(pair)) pairs.set(key, pair);
  }
  indexes.set(map, pairs);
  return pairs;
}

function keyText({ key }: Pair): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

function rangeOf(node: unknown): Range | undefined {
  return isNode(node) ? (node.range ?? undefined) : undefined;
}
