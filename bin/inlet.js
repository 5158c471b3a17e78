#!/usr/bin/env node
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist', 'client', 'main.js');
/** The same in a few files, which load in half of the time; the last thing that a build makes. */
const commands = join(root, 'dist', 'commands', 'main.js');
const source = join(root, 'client', 'main.ts');

/** In a checkout where the sources were changed after "npm run build", they count and not the build. */
function isUpToDate(build) {
  if (!existsSync(build)) return false;
  if (!existsSync(source)) return true;
  const builtAt = statSync(build).mtimeMs;
  const rooms = [
    'config',
    'encryption',
    'sources',
    'store',
    'workflows',
    'activities',
    'worker',
    'client',
    'dev',
  ];
  return rooms.every((room) =>
    readdirSync(join(root, room), { recursive: true }).every(
      (file) => !/\.(ts|cjs|sql)$/.test(file) || statSync(join(root, room, file)).mtimeMs <= builtAt,
    ),
  );
}

// What goes on for hours needs no quick start, and the whole of its libraries.
const isLong = process.argv.some((word) => word === 'worker' || word === 'dev');

if (isUpToDate(commands)) {
  await import(isLong ? built : commands);
} else if (existsSync(join(root, 'node_modules', 'tsx'))) {
  const { register } = await import('tsx/esm/api');
  register();
  await import(source);
} else {
  console.error(`Inlet is not installed yet: run "npm ci" in ${root} (npm start does it by itself).`);
  process.exitCode = 1;
}
