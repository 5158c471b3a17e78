import { describe, expect, it } from 'vitest';
import { shortened, visible, visibleLines } from '../../client/visible-text.js';

describe('visible text', () => {
  it('spells out escape sequences, so that a value cannot colour, move or title the terminal', () => {
    const value = '\u001b[31mred\u001b]0;title\u0007 \u009b2J\u0000\u007f';
    expect(visible(value)).toBe('\\u001b[31mred\\u001b]0;title\\u0007 \\u009b2J\\u0000\\u007f');
  });

  it('spells out what would break a line or turn the direction of writing', () => {
    expect(visible('a\nb\tc\rd\u2028e\u202ef')).toBe('a\\nb\\tc\\rd\\u2028e\\u202ef');
  });

  it('leaves every other text as it is', () => {
    const text = 'Žofie 李 👩‍👩‍👧 "quoted" \\n 50 %';
    expect(visible(text)).toBe(text);
  });

  it('keeps line feeds where there are lines', () => {
    expect(visibleLines('one\ntwo\u001b[0m\r')).toBe('one\ntwo\\u001b[0m\\r');
  });

  it('shortens by characters as readers count them', () => {
    expect(shortened('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧');
    expect(shortened('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 2)).toBe('👩‍👩‍👧…');
    expect(shortened('abcdef', 4)).toBe('abc…');
    expect(shortened('x'.repeat(1_000_000), 10)).toBe('xxxxxxxxx…');
  });
});
