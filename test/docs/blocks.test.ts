import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { load } from '../config/written-file.js';
import { readPages, root, type Block } from './pages.js';
import { commandsIn, inletCommandsIn, misuseOf } from './shell-commands.js';

const blocks = (await readPages()).flatMap((page) => page.blocks);
const of = (...languages: string[]) =>
  blocks.filter(({ language }) => languages.includes(language)).map((block) => [block.place, block] as const);

/** CONTRIBUTING.md says what they mean. */
const known = ['not-run', 'fragment', 'on', 'exit', 'name', 'may-be-empty'];

test('every fenced block says its language, and how it is tested in words that are known', () => {
  const unknown = ({ marks }: Block) => [...marks.keys()].filter((mark) => !known.includes(mark));
  expect(blocks.filter(({ language }) => language === '').map(({ place }) => place)).toEqual([]);
  expect(blocks.flatMap((block) => unknown(block).map((mark) => `${block.place} ${mark}`))).toEqual([]);
  const reasons = blocks.filter(({ marks }) => marks.get('not-run') === '');
  expect(reasons.map(({ place }) => `${place}: not-run="why"`)).toEqual([]);
});

describe('yaml', () => {
  test.each(of('yaml', 'yml'))('%s', async (_, block) => {
    if (block.marks.has('not-run')) {
      expect(parseDocument(block.text).errors).toEqual([]);
      return;
    }
    const path = block.marks.get('fragment');
    const text = path === undefined ? block.text : inlined(block.text, path);
    const variables = { INLET_STORE_URL: 'postgres://inlet@localhost/inlet' };
    await expect(load(text, { 'sql/customers.sql': 'SELECT 1 AS id' }, variables)).resolves.toBeDefined();
  });
});

test('a fragment of an inlet.yaml that is wrong is refused', async () => {
  await expect(load(inlined('every: 1 h', 'syncs.customers'))).rejects.toThrow('every');
  await expect(load(inlined('alerts: 3', ''))).rejects.toThrow('alerts');
});

describe('json', () => {
  test.each(of('json'))('%s', (_, { text }) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });
});

describe('sh', () => {
  test.each(of('sh', 'bash'))('%s is what bash and inlet understand', async (_, { text }) => {
    const { stderr } = await execa('bash', ['-n'], { input: text, reject: false });
    expect(stderr).toBe('');
    expect(await misuses(text)).toEqual([]);
    expect(await missingScripts(text)).toEqual([]);
  });
});

describe('console', () => {
  test.each(of('console'))('%s shows commands that inlet understands', async (_, { text }) => {
    const typed = text.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
    expect(typed).not.toEqual([]);
    expect(await misuses(typed.join('\n'))).toEqual([]);
  });
});

test('commands that inlet does not understand are found', async () => {
  const script =
    'A=1 inlet list --nothing # inlet none\nnpx inlet no-such > file && inlet pause customers "a; b" | cat';
  expect(inletCommandsIn(script)).toEqual([
    ['list', '--nothing'],
    ['no-such'],
    ['pause', 'customers', 'a; b'],
  ]);
  expect(await misuses(script)).toEqual([
    "list --nothing: error: unknown option '--nothing'",
    "no-such: error: unknown command 'no-such'",
    expect.stringContaining('pause customers a; b: error:'),
  ]);
});

async function misuses(script: string): Promise<string[]> {
  const found: string[] = [];
  for (const words of inletCommandsIn(script)) {
    const misuse = await misuseOf(words);
    if (misuse !== undefined) found.push(`${words.join(' ')}: ${misuse}`);
  }
  return found;
}

async function missingScripts(script: string): Promise<string[]> {
  const named = commandsIn(script).flatMap(([program, verb = '', name = '']) => {
    if (program !== 'npm' || !['run', 'start', 'test'].includes(verb)) return [];
    return [verb === 'run' ? name : verb];
  });
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return named.filter((name) => !Object.hasOwn(scripts, name));
}

/** A whole inlet.yaml around a part of one: what stands at a path such as `syncs.customers`, or at its top. */
function inlined(fragment: string, path: string): string {
  const file = parseDocument(`
workspace: { name: acme }
databases:
  crm: { type: postgres, url: "\${CRM_DATABASE_URL}" }
syncs:
  customers: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }
`);
  const above = path === '' ? [] : path.split('.');
  const keys: unknown = parse(fragment);
  if (typeof keys !== 'object' || keys === null) throw new Error('A fragment is a mapping of keys.');
  for (const [key, value] of Object.entries(keys as Record<string, unknown>)) {
    const named = path === '' && ['databases', 'syncs'].includes(key);
    if (!named) file.setIn([...above, key], value);
    else for (const [name, each] of Object.entries(value as object)) file.setIn([key, name], each as unknown);
  }
  return file.toString();
}
