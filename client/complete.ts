import type { Command, Option } from 'commander';

/** Names that the file in reach gives; none where it can't be read. */
export interface Names {
  syncs: readonly string[];
  databases: readonly string[];
}

export interface Completion {
  word: string;
  description: string;
}

export interface Completions {
  /** Whether a file may be named here. */
  files: boolean;
  found: Completion[];
}

/**
 * What may stand in the place of the last of the words of a command line.
 *
 * @param words what follows the program's name, the last being what is typed so far, perhaps empty
 * @param names looked up only where they are wanted
 */
export function completionsOf(program: Command, words: readonly string[], names: () => Names): Completions {
  const current = words.at(-1) ?? '';
  const { command, open, given } = walk(program, words.slice(0, -1));
  if (open !== undefined) return ofOption(open);
  if (current.startsWith('-')) {
    const options = [...command.options, ...(command === program ? [] : program.options)];
    return matching(current, [...options.map(asWord), { word: '--help', description: 'show help' }]);
  }
  if (command.commands.length > 0) {
    const commands = command.createHelp().visibleCommands(command);
    return matching(
      current,
      commands.map((each) => ({ word: each.name(), description: each.description() })),
    );
  }
  const { registeredArguments } = command;
  const argument = registeredArguments[given] ?? registeredArguments.at(-1);
  const isFurther = given >= registeredArguments.length && argument?.variadic !== true;
  if (argument === undefined || isFurther) return { files: false, found: [] };
  return matching(current, ofArgument(argument.name(), argument.argChoices ?? [], names));
}

interface Walked {
  command: Command;
  /** An option that still wants its value. */
  open: Option | undefined;
  /** How many arguments the command has by now. */
  given: number;
}

function walk(program: Command, words: readonly string[]): Walked {
  let command = program;
  let open: Option | undefined;
  let given = 0;
  for (const word of words) {
    const below = command.commands.find((each) => each.name() === word);
    if (open !== undefined) open = undefined;
    else if (word.startsWith('-')) open = optionFor(word, [command, program]);
    else if (below !== undefined) command = below;
    else given += 1;
  }
  return { command, open, given };
}

/** The option, if the next word is its value. */
function optionFor(word: string, commands: readonly Command[]): Option | undefined {
  const options = commands.flatMap((command) => command.options);
  const option = options.find((each) => each.long === word || each.short === word);
  return option?.required === true || option?.optional === true ? option : undefined;
}

/** Options whose value is a file: `--config <file>`, `--csv <file>`. */
function ofOption(option: Option): Completions {
  const found = (option.argChoices ?? []).map((word) => ({ word, description: '' }));
  return { files: /<file>/.test(option.flags), found };
}

function ofArgument(name: string, choices: readonly string[], names: () => Names): Completion[] {
  if (name === 'sync') return names().syncs.map((word) => ({ word, description: 'sync' }));
  if (name === 'database') return names().databases.map((word) => ({ word, description: 'database' }));
  return choices.map((word) => ({ word, description: '' }));
}

function asWord(option: Option): Completion {
  return { word: option.long ?? option.flags, description: option.description };
}

function matching(current: string, all: readonly Completion[]): Completions {
  return { files: false, found: all.filter(({ word }) => word.startsWith(current)) };
}
