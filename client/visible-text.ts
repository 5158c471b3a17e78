const steering = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const steeringButLines = /[^\P{Cc}\n]|[\p{Bidi_Control}\u2028\u2029]/gu;

const spelled: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function spell(character: string): string {
  return spelled.get(character) ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

/**
 * Text of which no part can steer the terminal: control characters (so escape sequences, too) and those that turn the
 * direction of writing are spelled out, as `\u001b`, and so remain to be seen.
 */
export function visible(text: string): string {
  return text.replace(steering, spell);
}

/** The same for text of several lines: line feeds stay. */
export function visibleLines(text: string): string {
  return text.replace(steeringButLines, spell);
}

const graphemes = new Intl.Segmenter();

/** Visible, and at most `width` characters as readers count them, the last of which is then `…`. */
export function shortened(text: string, width: number): string {
  // A cell can be megabytes long: what is far beyond the width need not be looked at.
  const beginning = visible(text.slice(0, width * 16));
  const characters = Array.from(graphemes.segment(beginning), ({ segment }) => segment);
  const whole = characters.length <= width && text.length <= width * 16;
  return whole ? beginning : `${characters.slice(0, width - 1).join('')}…`;
}
