/** A place in a text as people count it, both from 1; a column is a character, whatever its width. */
export interface Place {
  line: number;
  column: number;
}

/** The place of an offset (in UTF-16 units, from 0) in a text. */
export function placeIn(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1 };
}
