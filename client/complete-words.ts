import { completionsOf } from './complete.js';
import { namesInReach } from './names-in-reach.js';
import { createProgram } from './program.js';

/**
 * `inlet complete -- <words>`: prints one completion a line, with a tab and its description, for the last of the words,
 * which may be empty. Says nothing if there is none, whatever is wrong.
 */
export async function complete([, ...words]: readonly string[]): Promise<void> {
  const asked = words.slice(0, -1);
  const program = await createProgram(asked, () => Promise.resolve());
  const { files, found } = completionsOf(program, words, () => namesInReach(words));
  const lines = found.map(({ word, description }) => `${word}\t${description}\n`);
  process.stdout.write([...(files ? [':files\n'] : []), ...lines].join(''));
}
