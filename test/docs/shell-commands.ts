import { CommanderError } from 'commander';
import { parse } from 'shell-quote';
import { createProgram } from '../../client/program.js';

/** What one of the shell's commands is called with: its name first. Variables stay as they are written. */
export type Words = string[];

/** The commands of a script, as far as they are plain: words between operators, without redirections and assignments. */
export function commandsIn(script: string): Words[] {
  const commands: Words[] = [];
  for (const line of script.replaceAll('\\\n', ' ').split('\n')) {
    let words: Words = [];
    let redirected = false;
    const entries = parse(line, (name) => `$${name}`);
    for (const entry of [...entries, { op: ';' } as const]) {
      if (typeof entry === 'string') {
        if (!redirected && (words.length > 0 || !/^\w+=/.test(entry))) words.push(entry);
        redirected = false;
      } else if ('comment' in entry) {
        break;
      } else if (/^[<>]/.test(entry.op)) {
        redirected = true;
      } else if (entry.op === 'glob') {
        words.push('pattern' in entry ? entry.pattern : '');
      } else {
        if (words.length > 0) commands.push(words);
        words = [];
      }
    }
    if (words.length > 0) commands.push(words);
  }
  return commands;
}

/** The command lines of `inlet` among them, without the program's name. */
export function inletCommandsIn(script: string): Words[] {
  return commandsIn(script).flatMap((words) => {
    const start = words[0] === 'npx' ? 1 : 0;
    return words[start] === 'inlet' ? [words.slice(start + 1)] : [];
  });
}

/** What the command line has against these words; undefined if it would do something with them. Nothing is done. */
export async function misuseOf(words: Words): Promise<string | undefined> {
  const program = await createProgram(words, () => Promise.resolve());
  const silent = { writeOut: () => undefined, writeErr: () => undefined };
  for (const command of [program, ...program.commands, ...program.commands.flatMap((each) => each.commands)])
    command.configureOutput(silent);
  try {
    await program.parseAsync(words, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? undefined : error.message;
    throw error;
  }
}
