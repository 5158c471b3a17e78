import type { Command, Option } from 'commander';

/** What completion needs to know of a command, as plain data: the build keeps it, so that no command need be loaded. */
export interface CommandTree {
  name: string;
  description: string;
  options: OptionLeaf[];
  arguments: { name: string; variadic: boolean; choices: string[] }[];
  commands: CommandTree[];
}

export interface OptionLeaf {
  word: string;
  description: string;
  value: 'none' | 'file' | 'other';
  choices: string[];
}

export function treeOf(command: Command): CommandTree {
  return {
    name: command.name(),
    description: command.description(),
    options: command.options.map(leafOf),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      variadic: argument.variadic,
      choices: argument.argChoices ?? [],
    })),
    commands: command.createHelp().visibleCommands(command).map(treeOf),
  };
}

function leafOf(option: Option): OptionLeaf {
  const ofValue = /<file>/.test(option.flags) ? 'file' : 'other';
  return {
    word: option.long ?? option.flags,
    description: option.description,
    value: option.required || option.optional ? ofValue : 'none',
    choices: option.argChoices ?? [],
  };
}

/** For data that `treeOf` gave and a file has kept. */
export function isTree(value: unknown): value is CommandTree {
  return typeof value === 'object' && value !== null && 'commands' in value && Array.isArray(value.commands);
}
