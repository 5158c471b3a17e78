import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { DockerfileParser } from 'dockerfile-ast';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { version } from '../../config/version.js';
import { loadWorkspaceFile } from '../../config/workspace-file.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const text = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

/** As much of docker-compose.yml as is asked about here; whether the rest is right, its schema says. */
const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      ports: z.array(z.string()).default([]),
      healthcheck: z.object({}).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
    }),
  ),
});
const compose = async () => Compose.parse(parse(await text('docker-compose.yml'), { merge: true })).services;

test("docker-compose.yml is what the Compose Specification's schema allows", async () => {
  // From github.com/compose-spec/compose-spec at 170098b, under the Apache License 2.0.
  const schema: unknown = JSON.parse(await text('test/deploy/compose-spec.json'));
  const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false });
  const validate = ajv.compile(z.record(z.string(), z.unknown()).parse(schema));
  expect(validate(parse(await text('docker-compose.yml'), { merge: true }))).toBe(true);
  expect(validate({ services: { store: { image: 1 } } })).toBe(false);
});

test('every image has a version, and ours is the one of package.json', async () => {
  const dockerfile = DockerfileParser.parse(await text('Dockerfile'));
  const bases = dockerfile.getFROMs().map((from) => from.getImage() ?? '');
  const images = Object.values(await compose()).map(({ image }) => image);
  for (const image of [...bases, ...images]) expect(image).toMatch(/:\d+\.\d+\.\d+|^postgres:\d+\.\d+/);
  expect(images).toContain(`inlet-etl:${version()}`);
  expect(await text('deploy/kubernetes/worker.yaml')).toContain(`/inlet-etl:${version()}\n`);
});

test('nothing listens beyond this machine', async () => {
  for (const { ports } of Object.values(await compose()))
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('who is waited for until healthy has a check of its health', async () => {
  const services = await compose();
  const waitedFor = Object.values(services).flatMap(({ depends_on: on }) =>
    Object.entries(on).flatMap(([name, { condition }]) => (condition === 'service_healthy' ? [name] : [])),
  );
  expect(waitedFor).toContain('store');
  for (const name of waitedFor) expect(services[name]?.healthcheck, name).toBeDefined();
});

test('.env.example names every variable that has to be set, and sets none', async () => {
  const example = await text('.env.example');
  const asked = [...(await text('docker-compose.yml')).matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
  expect(asked.length).toBeGreaterThan(0);
  for (const name of asked) expect(example).toMatch(new RegExp(`^${name}=$`, 'm'));
  expect(example.split('\n').filter((line) => /^\w+=./.test(line))).toEqual([]);
});

test('the image runs node itself, as a user by number that is not root', async () => {
  const dockerfile = DockerfileParser.parse(await text('Dockerfile'));
  const [entrypoint] = dockerfile.getENTRYPOINTs();
  expect(JSON.parse(entrypoint?.getRawArgumentsContent() ?? '')).toEqual(['node', '/opt/inlet/bin/inlet.js']);
  const user = dockerfile.getInstructions().findLast((it) => it.getKeyword() === 'USER');
  expect(user?.getRawArgumentsContent()).toMatch(/^[1-9]\d*:[1-9]\d*$/);
});

test("the Kubernetes ConfigMap's inlet.yaml is right, and the Secret has what it names", async () => {
  const { data } = z
    .object({ data: z.object({ 'inlet.yaml': z.string() }) })
    .parse(parse(await text('deploy/kubernetes/config.yaml')));
  const path = join(await temporaryDirectory(), 'inlet.yaml');
  await writeFile(path, data['inlet.yaml']);
  const secret = z
    .object({ stringData: z.record(z.string(), z.string()) })
    .parse(parse(await text('deploy/kubernetes/secret.example.yaml')));
  const file = await loadWorkspaceFile(path, {
    get: (name) => secret.stringData[name],
    source: null,
    path: null,
    toObject: () => secret.stringData,
  });
  expect(file.storeUrl()).toBe(secret.stringData['INLET_STORE_URL']);
  for (const [, name] of data['inlet.yaml'].matchAll(/\$\{(\w+)\}/g))
    expect(secret.stringData).toHaveProperty(name ?? '');
});
