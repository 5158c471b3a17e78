import type { CommandTree, OptionLeaf } from './command-tree.js';

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
export async function completionsOf(
  program: CommandTree,
  words: readonly string[],
  names: () => Promise<Names>,
): Promise<Completions> {
  const current = words.at(-1) ?? '';
  const { command, open, given } = walk(program, words.slice(0, -1));
  const matching = (all: readonly Completion[]) => all.filter(({ word }) => word.startsWith(current));
  if (open !== undefined)
    return { files: open.value === 'file', found: matching(open.choices.map(withoutDescription)) };
  if (current.startsWith('-')) {
    const options = command === program ? program.options : [...command.options, ...program.options];
    return { files: false, found: matching([...options, help]) };
  }
  if (command.commands.length > 0) {
    const commands = command.commands.map(({ name, description }) => ({ word: name, description }));
    return { files: false, found: matching(commands) };
  }
  const last = command.arguments.at(-1);
  const argument = command.arguments[given] ?? (last?.variadic === true ? last : undefined);
  return { files: false, found: matching(await forArgument(argument, names)) };
}

const help: Completion = { word: '--help', description: 'show help' };
const withoutDescription = (word: string): Completion => ({ word, description: '' });

interface Walked {
  command: CommandTree;
  /** An option that still wants its value. */
  open: OptionLeaf | undefined;
  /** How many arguments the command has by now. */
  given: number;
}

function walk(program: CommandTree, words: readonly string[]): Walked {
  let command = program;
  let open: OptionLeaf | undefined;
  let given = 0;
  for (const word of words) {
    const below = command.commands.find(({ name }) => name === word);
    if (open !== undefined) {
      open = undefined;
    } else if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find((each) => each.word === word);
      open = option?.value === 'none' ? undefined : option;
    } else if (below !== undefined) {
      command = below;
    } else {
      given += 1;
    }
  }
  return { command, open, given };
}

async function forArgument(
  argument: CommandTree['arguments'][number] | undefined,
  names: () => Promise<Names>,
): Promise<Completion[]> {
  if (argument?.name === 'sync')
    return (await names()).syncs.map((word) => ({ word, description: 'a sync of the file' }));
  if (argument?.name === 'database')
    return (await names()).databases.map((word) => ({ word, description: 'a database of the file' }));
  return (argument?.choices ?? []).map(withoutDescription);
}
