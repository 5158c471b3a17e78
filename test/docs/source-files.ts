import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rooms = [
  'activities',
  'client',
  'config',
  'dev',
  'encryption',
  'sources',
  'store',
  'worker',
  'workflows',
];

/** The text of every file of Inlet's own code, by its path. */
export async function sourceFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const room of rooms) {
    for (const name of await readdir(join(root, room), { recursive: true })) {
      const path = join(room, name);
      if (path.endsWith('.ts')) files.set(path, await readFile(join(root, path), 'utf8'));
    }
  }
  return files;
}
