import { describe, expect, test } from 'vitest';
import { fileWithSync, load, problemsOf } from './written-file.js';

describe('what is not YAML is refused in our words, with its place', () => {
  test.each([
    [
      'a tab',
      'workspace:\n\tname: acme\n',
      '2:1 There is a tab in the indentation, which YAML does not allow. Use spaces.',
    ],
    [
      'wrong indentation',
      'workspace:\n  name: acme\n keepFailures: 1\n',
      '3:1 The indentation does not fit the lines above. Keys of one mapping begin in the same column.',
    ],
    [
      'no space after a colon',
      'workspace:\n  name:acme\n  keepFailures: 1\n',
      '2:3 A key must be on one line. Is a quote missing, or the space after a ":"?',
    ],
    [
      'no space after the last colon',
      'workspace:\n  name:acme\n',
      '2:3 workspace must be a mapping of keys to values, not "name:acme".',
    ],
    [
      'no space after a colon further down',
      'workspace:\n  name: acme\n  keepImports:1d\n',
      '3:3 There is no ": " after this key. A space must follow the colon.',
    ],
    ['an open quote', 'workspace: { name: "acme }\n', '2:1 A quoted text is not closed before here.'],
    [
      'a colon in plain text',
      fileWithSync({ query: "SELECT 'a: b'" }),
      '9:12 There is a second "key: value" in this line. If it is a text that holds ": ", put it into quotes or below "|".',
    ],
    [
      'a reference in braces without quotes',
      'databases: { crm: { type: postgres, url: ${X} } }',
      '1:43 This is not valid YAML. Inside { } a reference must be in quotes: "${NAME}".',
    ],
    [
      'a second document',
      'workspace: { name: acme }\n---\nworkspace: { name: b }\n',
      '2:1 A second document begins here ("---"). One file is one workspace: use a file for each.',
    ],
    ['an alias of nothing', 'workspace: *acme\n', '1:12 This alias (*name) has no anchor (&name) before it.'],
    [
      'a merge of text',
      'workspace: { <<: 3, name: acme }\n',
      '1:14 The merge key "<<" takes an alias of a mapping, such as "<<: *defaults", or a list of them.',
    ],
    [
      'a key that is a list',
      'workspace: { name: acme }\n? [a]\n: 1\n',
      '2:3 A key must be text. If this is a text that begins with { or [, put it into quotes.',
    ],
    ['nothing', '', 'The file is empty. It needs at least a workspace with a name.'],
    ['only a comment', '# nothing yet\n', 'The file is empty. It needs at least a workspace with a name.'],
    [
      'UTF-16',
      Buffer.from('workspace: { name: acme }', 'utf16le'),
      'The file is not text in UTF-8. Save it as UTF-8.',
    ],
    ['Latin-1', Buffer.from('# caf\xe9', 'latin1'), 'The file is not text in UTF-8. Save it as UTF-8.'],
    [
      'eleven megabytes',
      `# ${'x'.repeat(11 * 1024 * 1024)}`,
      'The file is larger than 10 MB. Is it the right file?',
    ],
  ])('%s', async (_, text, problem) => {
    expect(await problemsOf(text)).toEqual([problem]);
  });

  // Each of these took minutes, all memory, or the process itself.
  test.each([
    ['nine million open brackets', `syncs: ${'['.repeat(9_000_000)}`, '1:107 The file is nested too deeply.'],
    [
      'three thousand blocks, each in the one before it',
      Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      '100:101 The file is nested too deeply.',
    ],
    ['twenty thousand dashes', `${'- '.repeat(20_000)}x`, '1:200 The file is nested too deeply.'],
    [
      'half a million keys',
      Array.from({ length: 500_000 }, (_, key) => `k${key}: 1`).join('\n'),
      '10001:7 One mapping or list has more than 10,000 entries here. Is it the right file?',
    ],
    [
      'two million texts without a comma',
      `a: ${'"x" '.repeat(2_000_000)}`,
      '1:1999996 The file has too much in it up to here to be a configuration. Is it the right file?',
    ],
    [
      'a hundred thousand empty lists',
      `a: ${'[]'.repeat(100_000)}`,
      '1:108 This is not valid YAML from here on.',
    ],
  ])('%s, soon', { timeout: 60_000 }, async (_, text, problem) => {
    expect(await problemsOf(text)).toEqual([problem]);
  });
});

test('a repeated key and a tag are told beside other problems', async () => {
  const text = 'workspace: { name: acme, nmae: b }\nworkspace: { name: !upper b }\nsyncs: { a: 1, a: 2 }\n';
  expect(await problemsOf(text)).toEqual([
    '2:1 This key was given above already; each may occur once in its mapping.',
    '2:20 Tags such as !name have no meaning in this file. Remove it, or put the text into quotes.',
    '3:13 syncs.a must be a mapping of keys to values, not 2.',
    '3:16 This key was given above already; each may occur once in its mapping.',
  ]);
});

describe('aliases', () => {
  const bomb = ['  - &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 12; i++) {
    bomb.push(`  - &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
  }
  const merges = ['a0: &a0 { x: 1 }'];
  for (let i = 1; i < 40; i++) merges.push(`a${i}: &a${i} { <<: [*a${i - 1}, *a${i - 1}] }`);

  test.each([
    ['that multiply', `syncs:\n${bomb.join('\n')}\n`],
    ['that multiply by merging', `${merges.join('\n')}\n`],
    ['of a mapping that merges itself', 'workspace: &w { <<: *w, name: acme }\n'],
  ])('%s are refused', async (_, text) => {
    expect(await problemsOf(text)).toEqual([
      'The file repeats parts of itself through aliases (*name) too often. Write them out.',
    ]);
  });

  test('may share defaults between syncs, a thousand times', async () => {
    const syncs = Array.from({ length: 1000 }, (_, i) => `  s${i}: { <<: *defaults, every: 2h }`);
    const text = fileWithSync({}).replace('customers:', 'customers: &defaults');
    const file = await load(`${text}${syncs.join('\n')}\n`);
    expect(file.syncs.get('s999')).toMatchObject({ database: 'crm', every: '2h', query: 'SELECT 1 AS id' });
  });

  test('are looked through to the line that is wrong', async () => {
    const text = fileWithSync({ colour: 'red' }).replace('customers:', 'customers: &defaults');
    const problems = await problemsOf(`${text}  other: { <<: *defaults, every: 1s }\n`);
    expect(problems.map((problem) => problem.split(';')[0])).toEqual([
      '10:5 Unknown key "colour" in syncs.customers',
      '10:5 Unknown key "colour" in syncs.other',
      '11:34 syncs.other.every must be at least 1m.',
    ]);
  });
});

test('as many keys as are allowed are looked through, soon', { timeout: 60_000 }, async () => {
  const keys = Array.from({ length: 9_990 }, (_, key) => `k${key}: 1`);
  const problems = await problemsOf(`workspace: { name: acme }\n${keys.join('\n')}\nk7: 1\n`);
  expect(problems).toHaveLength(9_991);
  expect(problems.at(-1)).toBe(
    '9992:1 This key was given above already; each may occur once in its mapping.',
  );
});

test('a byte order mark and Windows line ends change neither values nor places', async () => {
  const query = '|\n      SELECT 1 AS id\n      WHERE true';
  const text = `\uFEFF${fileWithSync({ query }).replaceAll('\n', '\r\n')}`;
  expect((await load(text)).syncs.get('customers')?.query).toBe('SELECT 1 AS id\nWHERE true\n');
  expect(await problemsOf(text.replace('WHERE', 'WHERE {{x}}'))).toEqual([
    expect.stringMatching(/^11:13 syncs\.customers\.query holds \{\{x\}\}/),
  ]);
});

test('words that older YAML takes for booleans and numbers are text', async () => {
  const text = fileWithSync({ name: 'on', description: '1_000' }).replace('customers:', 'no:');
  const [sync] = (await load(`%YAML 1.1\n---\n${text}`)).syncs.values();
  expect(sync).toMatchObject({ sync: 'no', name: 'on', description: '1_000' });
});
