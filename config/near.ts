import { distance } from 'fastest-levenshtein';

/**
 * The candidates that somebody who wrote `word` may have meant, nearest first, three at most. Case, `-` and `_` don't
 * count; about one letter in three may be wrong, or the end may be missing.
 */
export function near(word: string, candidates: Iterable<string>): string[] {
  const plain = simplified(word);
  return [...candidates]
    .map((candidate) => ({ candidate, score: score(plain, simplified(candidate)) }))
    .filter(({ score }) => score < 1)
    .toSorted((a, b) => a.score - b.score)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** `; did you mean "every"?` to end a sentence with, or an empty text if nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const names = near(word, candidates).map((name) => `"${name}"`);
  return names.length === 0 ? '' : `; did you mean ${names.join(' or ')}?`;
}

const simplified = (word: string) => word.toLowerCase().replaceAll(/[-_\s]/g, '');

/** 0 for the same word, below 1 for a near one. */
function score(word: string, candidate: string): number {
  const wrong = distance(word, candidate);
  if (wrong === 0) return 0;
  const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
  if (wrong <= allowed && wrong < candidate.length) return wrong / (allowed + 1);
  const isBeginning = word.length >= 3 && (candidate.startsWith(word) || word.startsWith(candidate));
  return isBeginning ? 0.9 : 1;
}
