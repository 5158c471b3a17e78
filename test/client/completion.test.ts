import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionsOf } from '../../client/complete.js';
import { makeCommandTree } from '../../client/complete-words.js';
import { completionScripts } from '../../client/completion-scripts.js';
import { program } from '../../dev/state.js';

const tree = await makeCommandTree();
const names = () => Promise.resolve({ syncs: ['customers', 'companies', 'leads'], databases: ['crm'] });

async function words(line: string): Promise<string[]> {
  const { found } = await completionsOf(tree, line.split(' '), names);
  return found.map(({ word }) => word);
}

describe('a key that is pressed to complete', () => {
  it.each([
    ['pre', ['preview']],
    ['--config pau', []],
    ['--config acme.yaml pau', ['pause']],
    ['preview c', ['customers', 'companies']],
    ['preview customers c', []],
    ['apply customers l', ['leads']],
    ['check ', ['crm']],
    ['trigger customers --w', ['--wait']],
    ['check --format s', ['sarif']],
    ['show ', ['person', 'object']],
    ['--json list --con', ['--config']],
    ['completion z', ['zsh']],
  ])('%s', async (line, expected) => {
    expect(await words(line)).toEqual(expected);
  });

  it('wants a file after --config, and nowhere else', async () => {
    expect(await completionsOf(tree, ['--config', ''], names)).toMatchObject({ files: true });
    expect(await completionsOf(tree, ['preview', ''], names)).toMatchObject({ files: false });
  });
});

describe('the script for bash', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'inlet-complete-'));
    await writeFile(
      join(directory, 'inlet.yaml'),
      'syncs:\n  customers: {}\n  leads: {}\ndatabases: { crm: {} }\n',
    );
    await writeFile(join(directory, 'broken.yaml'), 'syncs: {\n  "');
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** What bash would offer for the last of the words; the stderr of it all comes along. */
  async function offered(...line: string[]): Promise<string> {
    const script = [
      `inlet() { '${process.execPath}' '${program}' "$@"; }`,
      completionScripts.bash,
      'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _inlet; echo "${COMPREPLY[*]}"',
    ].join('\n');
    const env = { PATH: process.env['PATH'] ?? '', HOME: directory };
    const args = ['-c', script, 'bash', 'inlet', ...line];
    const ran = await execa('/bin/bash', args, { cwd: directory, env, extendEnv: false, all: true });
    return ran.all;
  }

  it('offers syncs of the file', async () => {
    expect(await offered('preview', '')).toBe('customers leads');
  });

  it('offers files for --config', async () => {
    expect(await offered('--config', 'br')).toBe('broken.yaml');
  });

  it('is silent where the file is broken', async () => {
    expect(await offered('--config', 'broken.yaml', 'preview', '')).toBe('');
  });
});
