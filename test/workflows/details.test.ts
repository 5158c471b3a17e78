import { expect, test } from 'vitest';
import { endingLine } from '../../workflows/details.js';
import type { ImportResult } from '../../workflows/messages.js';

const counts = {
  rows: 1_200,
  added: 1_000,
  updated: 0,
  unchanged: 200,
  skipped: 0,
  superseded: 0,
  failed: 0,
};
const relationships = {
  rows: 30,
  related: 20,
  changed: 0,
  unchanged: 0,
  removed: 4,
  superseded: 0,
  failed: 6,
};
const ended: ImportResult = { number: 1, status: 'Some Rows Failed', endedAt: 0, counts };

test('the end of an import is a line with what became of its rows, and of its relationships if it has any', () => {
  expect(endingLine(ended)).toBe('Some Rows Failed: rows 1,200, added 1,000, unchanged 200');
  expect(endingLine({ ...ended, relationships })).toBe(
    'Some Rows Failed: rows 1,200, added 1,000, unchanged 200; relationships 30, related 20, removed 4, failed 6',
  );
});

test('one that never opened says why', () => {
  expect(endingLine({ number: 1, status: 'Canceled', reason: 'paused', endedAt: 0 })).toBe(
    'Canceled: paused',
  );
});
