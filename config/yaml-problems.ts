import type { Document, ErrorCode, YAMLError } from 'yaml';
import type { ConfigProblem } from './config-error.js';

export type PlacedProblem = Omit<ConfigProblem, 'file'>;
export type PositionAt = (offset: number) => { line: number; column: number };

/** After so many, the rest mostly follows from the first. */
const mostSyntaxProblems = 5;

/**
 * The problems that the parser found, in our words: its own can quote the file, which may hold a credential.
 * `fatal` ones leave nothing that could be looked at further.
 */
export function syntaxProblems(
  document: Document,
  text: string,
  positionAt: PositionAt,
): { fatal: PlacedProblem[]; others: PlacedProblem[] } {
  const fatal = new Map<number, PlacedProblem>();
  const others: PlacedProblem[] = [];
  for (const error of [...document.errors, ...document.warnings]) {
    const position = positionAt(error.pos[0]);
    if (error.code === 'TAG_RESOLVE_FAILED') {
      others.push({ ...position, message: sentences[error.code] });
    } else if (!fatal.has(position.line) && fatal.size < mostSyntaxProblems) {
      const message = sentence(error, lineAt(text, error.pos[0])); // more on the same line follows from it
      fatal.set(position.line, { ...position, message });
    }
  }
  return { fatal: [...fatal.values()], others };
}

const sentences: Record<ErrorCode, string> = {
  ALIAS_PROPS: 'An alias (*name) must not have an anchor or a tag.',
  BAD_ALIAS: 'This is not a valid alias or anchor name. Put a text that begins with * or & into quotes.',
  BAD_COLLECTION_TYPE: 'The tag does not fit what follows it. Remove the tag.',
  BAD_DIRECTIVE: 'Lines that begin with % are YAML directives, and this is not a valid one. Remove it.',
  BAD_DQ_ESCAPE:
    'A "\\" in a text in double quotes begins an escape, and this is not a valid one. Use single quotes.',
  BAD_INDENT: 'The indentation does not fit the lines above. Keys of one mapping begin in the same column.',
  BAD_PROP_ORDER: 'An anchor or tag stands in a wrong place.',
  BAD_SCALAR_START: "A text can't begin with @ or ` unless it is in quotes.",
  BLOCK_AS_IMPLICIT_KEY:
    'There is a second "key: value" in this line. If it is a text that holds ": ", put it into quotes or below "|".',
  BLOCK_IN_FLOW: "A block can't stand inside { } or [ ].",
  DUPLICATE_KEY: 'This key was given above already.',
  IMPOSSIBLE: 'This is not valid YAML.',
  KEY_OVER_1024_CHARS: 'A key is longer than 1,024 characters. Is a quote or a line break missing?',
  MISSING_CHAR: 'Something is missing here: a ":" after a key, a closing quote or a closing bracket.',
  MULTILINE_IMPLICIT_KEY: 'A key must be on one line. Is a quote missing, or the space after a ":"?',
  MULTIPLE_ANCHORS: 'A value can have one anchor (&name) only.',
  MULTIPLE_DOCS: 'A second document begins here ("---"). One file is one workspace: use a file for each.',
  MULTIPLE_TAGS: 'A value can have one tag only.',
  NON_STRING_KEY: 'A key must be text. If this is a text that begins with { or [, put it into quotes.',
  RESOURCE_EXHAUSTION: 'The file is nested too deeply.',
  TAB_AS_INDENT: 'There is a tab in the indentation, which YAML does not allow. Use spaces.',
  TAG_RESOLVE_FAILED:
    'Tags such as !name have no meaning in this file. Remove it, or put the text into quotes.',
  UNEXPECTED_TOKEN: 'This is not valid YAML from here on.',
};

/** The parser has one code for several things that are missing; its message tells them apart. */
const missing: readonly (readonly [RegExp, string])[] = [
  [/^Missing closing/, 'A quoted text is not closed before here.'],
  [/^Implicit map keys/, 'There is no ": " after this key. A space must follow the colon.'],
  [/must end with a/, 'A { or [ is not closed before here.'],
  [/^Missing , /, 'A "," is missing before this.'],
];

function sentence({ code, message }: YAMLError, line: string): string {
  if (/[{,]\s*[\w-]{1,99}:\s*\$\{/.test(line)) {
    return 'This is not valid YAML. Inside { } a reference must be in quotes: "${NAME}".';
  }
  const precise = code === 'MISSING_CHAR' ? missing.find(([pattern]) => pattern.test(message)) : undefined;
  return precise?.[1] ?? sentences[code];
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, Math.min(end === -1 ? text.length : end, start + 1000));
}
