import { readFile } from 'node:fs/promises';
import { isTree, treeOf, type CommandTree } from './command-tree.js';
import { completionsOf } from './complete.js';

/** `npm run build` makes it, beside the compiled rooms. */
const kept = new URL('../command-tree.json', import.meta.url);

/**
 * `inlet complete -- <words>`: prints one completion a line, with a tab and its description, for the last of the words,
 * which may be empty. Says nothing if there is none, whatever is wrong.
 */
export async function complete([, ...words]: readonly string[]): Promise<void> {
  const names = async () => (await import('./names-in-reach.js')).namesInReach(words);
  const { files, found } = await completionsOf(await commandTree(), words, names);
  const lines = found.map(({ word, description }) => `${word}\t${description}\n`);
  process.stdout.write([...(files ? [':files\n'] : []), ...lines].join(''));
}

async function commandTree(): Promise<CommandTree> {
  const read: unknown = await readFile(kept, 'utf8').then(JSON.parse, () => undefined);
  return isTree(read) ? read : makeCommandTree();
}

/** Loads every command, which takes a while: for the build, and for a checkout without one. */
export async function makeCommandTree(): Promise<CommandTree> {
  const { createProgram } = await import('./program.js');
  return treeOf(await createProgram([], () => Promise.resolve()));
}
