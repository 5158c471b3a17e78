import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { environmentVariables } from '../../config/environment-variables.js';
import { withReferenceTables } from '../../scripts/reference-tables.js';
import { sourceFiles } from './source-files.js';

const page = new URL('../../docs/configuration.md', import.meta.url);

test("docs/configuration.md's tables are what the schemas give (else: npm run schema)", async () => {
  const committed = await readFile(page, 'utf8');
  const style = await resolveConfig(page);
  const written = await format(withReferenceTables(committed), { ...style, parser: 'markdown' });
  expect(committed).toBe(written);
});

test('a page without a place for a section is refused', async () => {
  const text = await readFile(page, 'utf8');
  expect(() => withReferenceTables(text.replace('<!-- keys of syncs.*.segment -->', ''))).toThrow(
    'docs/configuration.md has no place for: syncs.*.segment',
  );
  expect(() => withReferenceTables(`${text}\n<!-- keys of nothing -->\n<!-- end -->\n`)).toThrow(
    'inlet.yaml has no section nothing',
  );
});

test('every environment variable that the code reads is in the table of them', async () => {
  const names = environmentVariables.flatMap(({ name }) => name.split(', '));
  expect(namesReadBy(await sourceFiles()).filter((name) => !names.includes(name))).toEqual([]);
});

test('the table of environment variables has none that nobody reads', async () => {
  const own = environmentVariables.filter(({ readBy }) => readBy === undefined);
  const read = namesReadBy(await sourceFiles());
  expect(own.map(({ name }) => name).filter((name) => !read.includes(name))).toEqual([]);
});

function namesReadBy(files: Map<string, string>): string[] {
  const reading = /\b\w*env(?:ironment)?\??\.get\(\s*'(\w+)'/gi;
  return [...files.values()].flatMap((text) => [...text.matchAll(reading)].map(([, name = '']) => name));
}
