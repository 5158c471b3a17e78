import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sectionsWith, workspaceFileJsonSchema } from '../../config/json-schema.js';

test('inlet.schema.json is what the schemas give (else: npm run schema)', async () => {
  const committed = await readFile(new URL('../../inlet.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(committed)).toEqual(workspaceFileJsonSchema());
});

test('every key has a description, an example or a default, and no key more than those that are described', () => {
  const seen: string[] = [];
  const walk = (schema: ReturnType<typeof workspaceFileJsonSchema>, path: string) => {
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      if (typeof value !== 'object') throw new Error(`${path}${key} is no schema`);
      expect(value.description, path + key).toMatch(/\.$/);
      expect(value.examples ?? value.default, path + key).toBeDefined();
      seen.push(path + key);
      walk(value, `${path}${key}.`);
    }
    if (schema.properties !== undefined) expect(schema.additionalProperties, path).toBe(false);
    else if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, `${path}*.`);
  };
  walk(workspaceFileJsonSchema(), '');
  expect(seen).toHaveLength(53);
});

test('a key can be asked for its sections', () => {
  expect(sectionsWith('name')).toEqual(['workspace', 'syncs.<name>', 'syncs.<name>.segment']);
  expect(sectionsWith('nothing')).toEqual([]);
});
