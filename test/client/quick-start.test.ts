import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The libraries whose files a command finds and reads one by one. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout, stderr } = await execa('node', [at(program), 'trigger', '--help'], {
    env: { NODE_DEBUG: 'module' },
  });
  expect(stdout).toContain('Import now.');
  const names = [...stderr.matchAll(/node_modules\/((?:@[^/"]+\/)?[^/"]+)\//g)].map(([, name]) => name ?? '');
  return [...new Set(names)];
}

test('a command that talks to servers reads a few files, and no library file by file', async () => {
  expect(await librariesOf('dist/client/main.js')).toContain('@temporalio/client');
  expect(await librariesOf('bin/inlet.js')).toEqual([]);
});

test('the licenses of the libraries that are in these files go with them', async () => {
  const licenses = await readFile(at('dist/commands/LICENSES.txt'), 'utf8');
  for (const name of ['@temporalio/client', '@grpc/grpc-js', 'protobufjs', 'pg', 'yaml', 'zod', 'commander'])
    expect(licenses).toMatch(new RegExp(`^${name} [0-9.]+ \\(`, 'm'));
  expect(licenses).not.toContain('undefined');
});
