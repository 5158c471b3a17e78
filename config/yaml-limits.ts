import { Lexer, Parser } from 'yaml';

/** What an inlet.yaml with a few thousand syncs stays well below; what is larger would take minutes, or all memory. */
const most = { levels: 100, entries: 10_000, tokens: 1_000_000, errors: 100 };

export const tooLarge = {
  levels: 'The file is nested too deeply.',
  entries: `One mapping or list has more than ${most.entries.toLocaleString('en')} entries here. Is it the right file?`,
  tokens: 'The file has too much in it up to here to be a configuration. Is it the right file?',
  errors: 'This is not valid YAML from here on.',
};

/**
 * Where a text goes beyond what any inlet.yaml needs; undefined if it does not. To be asked before it is read: what reads
 * YAML calls itself for each level, and where the stack is full the process ends.
 *
 * @returns an offset in the text, and the sentence
 */
export function beyondLimits(text: string): { offset: number; message: string } | undefined {
  const parser = new Parser();
  const found = { levels: 0, entries: 0, tokens: 0, errors: 0 };
  for (const token of new Lexer().lex(text)) {
    found.tokens++;
    for (const { type } of parser.next(token)) if (type === 'error') found.errors++;
    // What it still holds open is as deep as the text is here.
    found.levels = parser.stack.length;
    const open = parser.stack.at(-1);
    found.entries = open !== undefined && 'items' in open ? open.items.length : 0;
    for (const what of limits)
      if (found[what] > most[what]) return { offset: parser.offset, message: tooLarge[what] };
  }
  return undefined;
}

const limits = ['levels', 'entries', 'tokens', 'errors'] as const;
