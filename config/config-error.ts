/** Lines and columns count from 1. */
export interface FilePlace {
  /** The path as it was given, so that terminals can link to it. */
  file: string;
  line?: number;
  column?: number;
}

/** One thing that is wrong with a file. */
export interface ConfigProblem extends FilePlace {
  /** A sentence: what is wrong, with what, and what to do. Never holds a value that could be a credential. */
  message: string;
}

/**
 * A file or an environment variable that Inlet is configured with can't be used. Holds every problem that was found,
 * in the order of the file; `message` has one `file:line:column: message` a line.
 */
export class ConfigError extends Error {
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    const sorted = inFileOrder(problems);
    super(sorted.map(asLine).join('\n'));
    this.name = 'ConfigError';
    this.problems = sorted;
  }
}

function asLine({ file, line, column, message }: ConfigProblem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return `${place}: ${message}`;
}

/** By line and column within each file; files in the order in which they first occur. */
function inFileOrder(problems: ConfigProblem[]): ConfigProblem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return problems.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}
