import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../client/program.js';

const all = await createProgram([], () => Promise.resolve());

/** Commands that do something, by the words that lead to them: `show` itself does nothing, `show person` does. */
function leaves(command: Command, words: string[]): [words: string, command: Command][] {
  if (command.commands.length === 0) return [[words.join(' '), command]];
  return command.commands.flatMap((each) => leaves(each, [...words, each.name()]));
}

/** What `--help` prints. */
function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}

describe('the command line', () => {
  it('has every command described in docs/commands.md', async () => {
    const page = await readFile(new URL('../../docs/commands.md', import.meta.url), 'utf8');
    const described = Array.from(
      page.matchAll(/^### `inlet ([a-z -]+?)(?: [<[-].*)?`$/gm),
      ([, words]) => words,
    );
    expect(described).toEqual(leaves(all, []).map(([words]) => words));
  });

  it('has every option in docs/commands.md', async () => {
    const page = await readFile(new URL('../../docs/commands.md', import.meta.url), 'utf8');
    for (const [, command] of leaves(all, []))
      for (const option of command.options) expect(page).toContain(`\`${option.flags}\``);
  });

  it.each(leaves(all, []))('%s has a help with an example', (words, command) => {
    expect(helpOf(command)).toMatch(new RegExp(`Examples?:\n  \\$ inlet ${words}`));
  });

  it('loads only the command that is asked for', async () => {
    const names = async (...words: string[]) =>
      (await createProgram(words, () => Promise.resolve())).commands.map((command) => command.name());
    expect(await names('--config', 'list', '--json', 'status', 'customers')).toEqual(['status']);
    expect(await names('--version')).toEqual([]);
    expect(await names('statsu')).toHaveLength(all.commands.length);
  });
});
