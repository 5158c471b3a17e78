import { isScalar, visit, type Document } from 'yaml';
import { isMerge } from './yaml-aliases.js';
import type { PlacedProblem, PositionAt } from './yaml-problems.js';

/** Keys that their mapping has already. The parser can tell, too, but compares each key with every other one. */
export function repeatedKeys(document: Document, positionAt: PositionAt): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const pair of items) {
        if (!isScalar(pair.key) || isMerge(pair)) continue;
        if (seen.has(pair.key.value)) problems.push({ ...positionAt(pair.key.range?.[0] ?? 0), message });
        seen.add(pair.key.value);
      }
    },
  });
  return problems;
}

const message = 'This key was given above already; each may occur once in its mapping.';
