import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  visit,
  type Alias,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import type { PlacedProblem, PositionAt } from './yaml-problems.js';

/** What each alias (`*name`) stands for, found in one walk: asking every alias by itself would walk for each. */
export type AliasTargets = ReadonlyMap<Alias, Node>;

export function aliasTargets(document: Document): AliasTargets {
  const anchored = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchored.get(node.source);
        if (target !== undefined) targets.set(node, target);
      } else if (node.anchor !== undefined) anchored.set(node.anchor, node);
    },
  });
  return targets;
}

/** The node itself, or what it is an alias of. */
export function resolveAlias(targets: AliasTargets, node: unknown): Node | undefined {
  if (isAlias(node)) return targets.get(node);
  return isNode(node) ? node : undefined;
}

/** `<<: *defaults`: the mapping takes over the keys of another one. */
export function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

/** Aliases of nothing, and merge keys that merge something other than mappings. */
export function aliasProblems(
  document: Document,
  targets: AliasTargets,
  positionAt: PositionAt,
): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  visit(document, {
    Alias(_, alias) {
      if (targets.has(alias)) return;
      const message = 'This alias (*name) has no anchor (&name) before it.';
      problems.push({ ...positionAt(alias.range?.[0] ?? 0), message });
    },
    Pair(_, pair) {
      if (!isMerge(pair) || isAliasOfNothing(targets, pair.value)) return;
      const merged = resolveAlias(targets, pair.value);
      const sources = isSeq(merged) ? merged.items : [merged];
      if (sources.every((source) => isMap(resolveAlias(targets, source)))) return;
      const message =
        'The merge key "<<" takes an alias of a mapping, such as "<<: *defaults", or a list of them.';
      const offset = isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
      problems.push({ ...positionAt(offset), message });
    },
  });
  return problems;
}

function isAliasOfNothing(targets: AliasTargets, node: unknown): boolean {
  return isAlias(node) && !targets.has(node);
}
