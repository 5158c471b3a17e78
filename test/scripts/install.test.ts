import { execa } from 'execa';
import { cp, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { root } from '../../dev/state.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let checkout: string;

/** A checkout with nothing installed, and an npm that notes what it is asked and installs no more than a mark. */
beforeEach(async () => {
  checkout = await temporaryDirectory();
  await cp(join(root, 'scripts', 'install.mjs'), join(checkout, 'scripts', 'install.mjs'));
  await writeFile(join(checkout, 'package-lock.json'), '{}');
  await mkdir(join(checkout, 'path'));
  const npm = `#!/bin/sh
    echo "$@" >> asked
    for name in tsx vitest; do mkdir -p node_modules/$name && echo '{}' > node_modules/$name/package.json; done
    echo '{}' > node_modules/.package-lock.json`;
  await writeFile(join(checkout, 'path', 'npm'), npm, { mode: 0o755 });
});

async function install(...flags: string[]): Promise<{ exitCode?: number; stderr: string }> {
  const script = `import('./scripts/install.mjs').then(({ installWhatIsMissing }) => installWhatIsMissing())`;
  const env = { PATH: `${join(checkout, 'path')}:${process.env['PATH'] ?? ''}`, npm_execpath: '' };
  return execa(process.execPath, [...flags, '-e', script], { cwd: checkout, env, reject: false });
}

const timesAsked = async () => (await readFile(join(checkout, 'asked'), 'utf8')).trim().split('\n').length;

it('installs what the lock file says where nothing is installed, and only once', async () => {
  expect(await install()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('npm ci') as string });
  expect(await install()).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await readFile(join(checkout, 'asked'), 'utf8')).toMatch(/^ci --include=dev .*\n$/);
});

it('installs again after the lock file has changed', async () => {
  await install();
  const later = new Date(Date.now() + 60_000);
  await utimes(join(checkout, 'package-lock.json'), later, later);
  await install();
  expect(await timesAsked()).toBe(2);
});

it('installs again where an installation was cut off, or left out what is needed here', async () => {
  await install();
  await execa('rm', ['node_modules/.package-lock.json'], { cwd: checkout });
  await install();
  await execa('rm', ['-r', 'node_modules/tsx'], { cwd: checkout });
  await install();
  expect(await timesAsked()).toBe(3);
});

it('says that npm failed, and ends', async () => {
  await writeFile(join(checkout, 'path', 'npm'), '#!/bin/sh\nexit 1', { mode: 0o755 });
  expect(await install()).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('"npm ci" failed') as string,
  });
});

it('a Node that is too old is told so in one sentence', async () => {
  const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.18.3"})';
  const { exitCode, stderr } = await install('--import', older);
  expect(exitCode).toBe(1);
  expect(stderr).toBe(
    'Inlet needs Node 20.19 or newer, and this is Node 20.18.3: install a newer one from https://nodejs.org.',
  );
});
