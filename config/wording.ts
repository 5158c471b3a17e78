import type { Path } from './plain-data.js';

/** `syncs.customers.every`; a name that is not a plain word is quoted. */
export function where(path: Path): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = /^[\w-]{1,80}$/.test(String(step)) ? String(step) : shown(step) || '…';
      return `.${name}`;
    })
    .join('')
    .replace(/^\./, '');
}

/** A value in quotes; empty if it is no scalar, long, or could be or hold a credential. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'symbol' || typeof value !== 'string') return '';
  const harmless = value.length <= 60 && !/:\/\/|@|\p{C}/u.test(value);
  return harmless ? `"${value}"` : '';
}

/** `, not "x"` to go on with after what a value must be. */
export function notThis(value: unknown): string {
  if (Array.isArray(value)) return ', not a list';
  if (typeof value === 'object' && value !== null) return ', not a mapping';
  const text = shown(value);
  return text === '' ? '' : `, not ${text}`;
}

/** `a, b or c` */
export function oneOf(words: readonly unknown[], conjunction = 'or'): string {
  const texts = words.map(String);
  const last = texts.pop() ?? '';
  return texts.length === 0 ? last : `${texts.join(', ')} ${conjunction} ${last}`;
}
