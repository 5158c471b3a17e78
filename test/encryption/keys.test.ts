import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../config/config-error.js';
import { readEncryptionKeys } from '../../encryption/keys.js';

const one = Buffer.alloc(32, 1);
const two = Buffer.alloc(32, 254);
const read = (text?: string) => readEncryptionKeys({ get: () => text });

function problems(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  throw new Error('the keys were taken');
}

describe('INLET_ENCRYPTION_KEYS', () => {
  it('holds keys by id, in their order', () => {
    expect(read(`2026-11:${one.toString('base64')}, 2026-05:${two.toString('base64url')}`)).toEqual([
      { id: '2026-11', secret: one },
      { id: '2026-05', secret: two },
    ]);
  });

  it('is not needed', () => expect(read()).toEqual([]));

  it.each([
    ['a key that is not base64', 'a:hello world', 'The key "a" is not base64.'],
    [
      'a key that base64 would be read from, but for a letter',
      `a:${'A'.repeat(41)}`,
      'The key "a" is not base64.',
    ],
    [
      'a key that is too short',
      `a:${Buffer.alloc(16).toString('base64')}`,
      'The key "a" has 16 bytes, and must have 32.',
    ],
    [
      'a key that is too long',
      `a:${Buffer.alloc(33).toString('base64')}`,
      'The key "a" has 33 bytes, and must have 32.',
    ],
    ['no key', 'a:', 'The key "a" has 0 bytes, and must have 32.'],
    ['an empty id', `:${one.toString('base64')}`, 'Key 1 has an empty id.'],
    ['no id', one.toString('base64'), 'Key 1 has no id.'],
    ['an id with spaces', `my key:${one.toString('base64')}`, 'The id of key 1 may have letters'],
    [
      'an id twice',
      `a:${one.toString('base64')},a:${two.toString('base64')}`,
      'Key 2 has the same id as one before it, "a".',
    ],
    ['a comma at the end', `a:${one.toString('base64')},`, 'Key 2 is empty.'],
  ])('is refused with %s, by its name and never its value', (_, text, sentence) => {
    const message = problems(text);
    expect(message).toContain(`INLET_ENCRYPTION_KEYS: ${sentence}`);
    for (const secret of [one.toString('base64'), 'hello', 'AAAA', 'my key'])
      expect(message).not.toContain(secret);
  });
});
