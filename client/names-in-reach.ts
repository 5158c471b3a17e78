import { readFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument } from 'yaml';
import { readEnvironment } from '../config/environment.js';
import type { Names } from './complete.js';

/** As far as a shell takes it as one word; the rest is no name of ours. */
const isName = /^[A-Za-z0-9][\w-]*$/;

/**
 * The names of the file that a command would read, as far as it can be read: it may be half written. Says nothing of what
 * is wrong with it, and looks at nothing else of it, so that pressing a key costs little.
 */
export function namesInReach(words: readonly string[]): Names {
  try {
    const at = words.indexOf('--config');
    const path =
      (at === -1 ? undefined : words[at + 1]) ?? readEnvironment().get('INLET_CONFIG') ?? 'inlet.yaml';
    const document = parseDocument(readFileSync(path, 'utf8'), { logLevel: 'silent' });
    const keysOf = (section: string) => {
      const map = document.get(section);
      return isMap(map)
        ? map.items.flatMap(({ key }) =>
            isScalar(key) && isName.test(String(key.value)) ? [String(key.value)] : [],
          )
        : [];
    };
    return { syncs: keysOf('syncs'), databases: keysOf('databases') };
  } catch {
    return { syncs: [], databases: [] };
  }
}
