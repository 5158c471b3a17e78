import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { load } from './written-file.js';

const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1] ?? '');

describe('docs/configuration.md', () => {
  test('has files to show', () => {
    expect(blocks.length).toBeGreaterThan(2);
  });

  test.each(blocks.map((block, i) => [i + 1, block] as const))('file %i can be loaded', async (_, block) => {
    await expect(load(block, { 'sql/customers.sql': 'SELECT 1 AS id' })).resolves.toBeDefined();
  });
});
