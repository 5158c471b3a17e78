/** JSON text that goes out exactly as it is, so that no number in it is rounded on the way. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json =
  | null
  | boolean
  | number
  | string
  | Date
  | RawJson
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * Control characters outside of ASCII, and those that turn the direction of writing, steer a terminal; in JSON their escape is
 * the same string.
 */
function harmless(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * @param indent spaces by level; 0 puts everything on one line
 * @returns JSON text; dates are ISO 8601 in UTC, keys whose value is undefined are left out
 */
export function jsonText(value: Json, indent: number): string {
  return harmless(write(value, indent, ''));
}

function write(value: Json, indent: number, margin: string): string {
  if (value instanceof RawJson) return indent === 0 ? value.text.replace(/[\r\n]+/g, ' ') : value.text;
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (value === null || typeof value !== 'object') return JSON.stringify(value);

  const inner = margin + ' '.repeat(indent);
  const [open, close, parts] = isList(value)
    ? ['[', ']', value.map((item) => write(item, indent, inner))]
    : ['{', '}', members(value, indent, inner)];
  if (parts.length === 0) return open + close;
  return indent === 0
    ? open + parts.join(',') + close
    : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`;
}

function members(
  value: { readonly [key: string]: Json | undefined },
  indent: number,
  inner: string,
): string[] {
  return Object.entries(value).flatMap(([key, member]) =>
    member === undefined
      ? []
      : [`${JSON.stringify(key)}:${indent === 0 ? '' : ' '}${write(member, indent, inner)}`],
  );
}

function isList(
  value: readonly Json[] | { readonly [key: string]: Json | undefined },
): value is readonly Json[] {
  return Array.isArray(value);
}
