import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { readEnvironment } from '../../config/environment.js';
import { accountUrl, readPasswords, writeEnvironment } from '../../dev/credentials.js';
import { claim } from '../../dev/only-one.js';
import { makeLibraryLinks } from '../../dev/postgres-binaries.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

it('what is written to .inlet/env is what a second terminal reads, and only its owner', async () => {
  await mkdir(join(directory, '.inlet'));
  const file = join(directory, '.inlet', 'env');
  await writeEnvironment(file, {
    INLET_A_FIRST: 'postgres://u:p=?#@h/d',
    INLET_A_SECOND: '/a path/with spaces',
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const environment = readEnvironment(directory);
  expect(environment.get('INLET_A_FIRST')).toBe('postgres://u:p=?#@h/d');
  expect(environment.get('INLET_A_SECOND')).toBe('/a path/with spaces');
});

it('passwords are made up once, and found again', async () => {
  const file = join(directory, 'env');
  const first = await readPasswords(file);
  expect(first.isNew).toBe(true);
  expect(new Set(Object.values(first.passwords)).size).toBe(4);
  await writeEnvironment(file, {
    INLET_DEV_POSTGRES_URL: accountUrl('INLET_DEV_POSTGRES_URL', first.passwords, 5432),
    INLET_STORE_URL: accountUrl('INLET_STORE_URL', first.passwords, 5432),
    CRM_DATABASE_URL: accountUrl('CRM_DATABASE_URL', first.passwords, 5432),
    CRM_OWNER_URL: accountUrl('CRM_OWNER_URL', first.passwords, 5432),
  });
  expect(await readPasswords(file)).toEqual({ passwords: first.passwords, isNew: false });
});

it('a directory can be claimed once, until the claim is released', async () => {
  const first = await claim(directory);
  expect(await claim(directory)).toEqual({ claimed: false, holder: process.pid });
  if (first.claimed) await first.release();
  const second = await claim(directory);
  expect(second.claimed).toBe(true);
  if (second.claimed) await second.release();
});

it('a claim ends with its process, however that dies', async () => {
  const script = `import('${new URL('../../dev/only-one.ts', import.meta.url).href}')
    .then(({ claim }) => claim('${directory}')).then(({ claimed }) => { console.log(claimed); setInterval(() => {}, 1000); })`;
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(await claim(directory)).toEqual({ claimed: false, holder: child.pid });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const next = await claim(directory);
  expect(next.claimed).toBe(true);
  if (next.claimed) await next.release();
});

it("makes the links between PostgreSQL's libraries that npm did not make, and leaves those that are there", async () => {
  const native = join(directory, 'native');
  for (const place of ['lib', 'bin']) await mkdir(join(native, place), { recursive: true });
  await writeFile(join(native, 'bin', 'postgres'), '');
  await writeFile(join(native, 'lib', 'libpq.so.5.18'), '');
  const links = ['libpq.so', 'libpq.so.5'].map((name) => ({
    source: 'native/lib/libpq.so.5.18',
    target: `native/lib/${name}`,
  }));
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links));

  await makeLibraryLinks(native);
  expect(await readlink(join(native, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
  const before = await lstat(join(native, 'lib', 'libpq.so'));
  await makeLibraryLinks(native);
  expect((await lstat(join(native, 'lib', 'libpq.so'))).ino).toBe(before.ino);
});
