import { expect, test } from 'vitest';
import { didYouMean, near } from '../../config/near.js';

test.each([
  ['evry', ['every']],
  ['identify_by', ['identifyBy']],
  ['IDENTIFYBY', ['identifyBy']],
  ['querry', ['query']],
  ['quer', ['query', 'queryFile']],
  ['desc', ['description']],
  ['colour', []],
  ['', []],
])('%s is near %j', (word, meant) => {
  expect(near(word, ['every', 'identifyBy', 'query', 'queryFile', 'description'])).toEqual(meant);
});

test('the nearest comes first, and there are three at most', () => {
  expect(near('sync1', ['sync-10', 'sync1x', 'sync2', 'sync-1', 'sync3'])[0]).toBe('sync-1');
  expect(near('sync1', ['sync-10', 'sync1x', 'sync2', 'sync-1', 'sync3'])).toHaveLength(3);
});

test('one-letter names are not near each other', () => {
  expect(near('a', ['b', 'c'])).toEqual([]);
});

test('the end of a sentence asks, or is empty', () => {
  expect(didYouMean('custmers', ['customers'])).toBe('; did you mean "customers"?');
  expect(didYouMean('x', ['customers'])).toBe('');
});
