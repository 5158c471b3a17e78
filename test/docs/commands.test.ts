import { describe, expect, test } from 'vitest';
import type { Command } from 'commander';
import { createProgram } from '../../client/program.js';
import { readPages } from './pages.js';

const page = (await readPages()).find(({ path }) => path === 'docs/commands.md');
const sections = [...(page?.sections ?? [])];
const program = await createProgram([], () => Promise.resolve());

/** `show` is a group: its commands are `show person` and `show object`. */
const commands = program.commands.flatMap((command) =>
  command.commands.length === 0
    ? [[command.name(), command] as const]
    : command.commands.map((each) => [`${command.name()} ${each.name()}`, each] as const),
);

describe.each(commands)('docs/commands.md on inlet %s', (name, command) => {
  const section = sections.find(([heading]) =>
    new RegExp(`^\`inlet ${name}( [<[].*)?\`$`).test(heading),
  )?.[1];

  test('has a section of its own, with the words that follow it', () => {
    const words = command.registeredArguments.map((argument) => {
      const word = argument.name() + (argument.variadic ? '...' : '');
      return ` ${argument.required ? `<${word}>` : `[${word}]`}`;
    });
    expect(sections.map(([heading]) => heading)).toContain(`\`inlet ${name}${words.join('')}\``);
  });

  test('has each of its options in a table, and no others', () => {
    expect(optionsIn(section ?? '')).toEqual(longOptionsOf(command));
  });
});

test('docs/commands.md has the options of all commands', () => {
  const section = sections.find(([heading]) => heading === 'What holds for all of them')?.[1];
  expect(optionsIn(section ?? '')).toEqual([...longOptionsOf(program), '--help'].toSorted());
});

test('docs/commands.md has no command that is not there', () => {
  const shown = sections.flatMap(([heading]) => /^`inlet ([a-z-]+(?: [a-z-]+)*)/.exec(heading)?.[1] ?? []);
  expect(shown.toSorted()).toEqual(commands.map(([name]) => name).toSorted());
});

function longOptionsOf(command: Command): string[] {
  return command.options
    .flatMap(({ long, hidden }) => (hidden || typeof long !== 'string' ? [] : [long]))
    .toSorted();
}

/** The first cell of each row: `--limit <number>` is --limit. */
function optionsIn(section: string): string[] {
  const rows = section.matchAll(/^\| `(?:-\w, )?(--[a-z-]+)[^`]*` +\|/gm);
  return [...rows].map(([, option = '']) => option).toSorted();
}
