import { InvalidArgumentError, type Command } from 'commander';
import type { ExitCode } from './exit.js';
import type { Session } from './session.js';

/** Runs what a command does with a session of its own, and sets the exit code. */
export type Run = (
  work: (session: Session) => Promise<ExitCode>,
  options?: {
    /** True where what `.inlet/env` adds to the environment is of no account. */
    writesEnvironment?: boolean;
  },
) => Promise<void>;

/** Parses a whole number from 1, as import numbers are. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

/** Parses text that must say something. */
export function someText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be blank.');
  return text.trim();
}

/** Examples at the end of a command's help. */
export function examples(command: Command, ...lines: [string, ...string[]]): Command {
  const shown = lines.map((line) => `  $ ${line}`).join('\n');
  return command.addHelpText('after', `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${shown}`);
}
