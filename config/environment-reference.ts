/** `${NAME}`: the only form in which the file refers to an environment variable. */
const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

export interface Reference {
  name: string;
  /** Offset of the `$` in the text, and of what follows the `}`. */
  start: number;
  end: number;
}

/** Every reference in a text, in its order. */
export function findReferences(text: string): Reference[] {
  return [...text.matchAll(reference)].map((match) => ({
    name: match[1] ?? '',
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The variable's name if the text is one reference and nothing else. */
export function wholeReference(text: string): string | undefined {
  const [only] = findReferences(text);
  return only?.start === 0 && only.end === text.length ? only.name : undefined;
}

/** True if the text consists of nothing but references, at least one. */
export function isOnlyReferences(text: string): boolean {
  return text !== '' && text.replaceAll(reference, '') === '';
}

/** True if there is a `${` that doesn't begin a reference, such as `${NAME:-default}`. */
export function hasBrokenReference(text: string): boolean {
  return text.replaceAll(reference, '').includes('${');
}

/** The text with each reference replaced by what `replacement` gives for it. */
export function replaceReferences(text: string, replacement: (found: Reference) => string): string {
  let result = '';
  let copied = 0;
  for (const found of findReferences(text)) {
    result += text.slice(copied, found.start) + replacement(found);
    copied = found.end;
  }
  return result + text.slice(copied);
}
