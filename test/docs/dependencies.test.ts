import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';

/* What CONTRIBUTING.md says of what users install, and whether its licences go with ours, which is MIT. */

const names = z.record(z.string(), z.string());
const manifest = z.object({ dependencies: names, optionalDependencies: names });
const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      license: z.string().optional(),
      dev: z.boolean().optional(),
      deprecated: z.string().optional(),
    }),
  ),
});

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const { dependencies, optionalDependencies } = manifest.parse(JSON.parse(await read('package.json')));
const { packages } = lock.parse(JSON.parse(await read('package-lock.json')));
const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);

/** Licences that ask for no more than to be named, also of who distributes MIT. */
const fine = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Unlicense',
];
/** What the lock file has no such word for, and why it may be there. */
const known: Record<string, string> = {
  // Data of which browsers know what, of webpack; CC-BY-4.0 asks to be named, too.
  'node_modules/caniuse-lite': 'CC-BY-4.0',
  // Its LICENSE is the Unlicense; its package.json says nothing.
  'node_modules/unionfs': '',
};

test('the table has every dependency, with its licence, and no other', async () => {
  const rows = [...(await read('CONTRIBUTING.md')).matchAll(/^\| (`[^|]+`) +\| ([\w.-]+) +\| /gm)];
  const told = rows.flatMap(([, packagesOfRow = '', licence]) =>
    [...packagesOfRow.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, licence]),
  );
  const wanted = Object.keys({ ...dependencies, ...optionalDependencies }).map((name) => [
    name,
    packages[`node_modules/${name}`]?.license,
  ]);
  expect(told.toSorted()).toEqual(wanted.toSorted());
});

test('every package that users install has a licence that goes with MIT', () => {
  expect(installed.length).toBeGreaterThan(100);
  const odd = installed.filter(([path, { license = '' }]) =>
    path in known
      ? known[path] !== license
      : license === '' || !license.split(' AND ').every((each) => fine.includes(each)),
  );
  expect(odd.map(([path, { license }]) => `${path}: ${license ?? 'none'}`)).toEqual([]);
});

test('none of them is deprecated', () => {
  expect(installed.filter(([, { deprecated }]) => deprecated !== undefined).map(([path]) => path)).toEqual(
    [],
  );
});
