import { expect, test } from 'vitest';
import { whereThrown } from '../../config/where-thrown.js';

test('of an error its class, its code and its frames are told, and nothing of its message', () => {
  const error = Object.assign(new TypeError('Key (email)=(ada@example.com)\nis ada@example.com'), {
    code: '23505',
    detail: 'ada@example.com',
  });
  const [first, ...frames] = whereThrown(error).split('\n');
  expect(first).toBe('TypeError (23505)');
  expect(frames[0]).toMatch(/^ {4}at .*where-thrown\.test\.ts:\d+:\d+/);
  expect(whereThrown(error)).not.toContain('ada@example.com');
});

test('what was thrown and is no error is not repeated', () => {
  expect(whereThrown('ada@example.com')).toBe('a string was thrown');
});
