import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { githubAnnotation } from '../../client/check-github.js';
import { program } from '../../dev/state.js';

const good = `
workspace: { name: acme }
databases: { crm: { type: postgres, url: "\${NO_SUCH_URL}" } }
syncs:
  people:
    database: crm
    every: 1h
    identifyBy: id
    queryFile: people.sql
`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inlet-check-'));
  await writeFile(join(directory, 'good.yaml'), good);
  await writeFile(join(directory, 'people.sql'), `SELECT id,\n  '{{last_sync_time}}' AS since FROM people`);
  await writeFile(
    join(directory, 'bad.yaml'),
    good.replace('every: 1h', 'evry: 1h').replace('acme', 'globex'),
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs `inlet check --no-connect`. */
async function check(files: readonly string[], ...options: string[]) {
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory };
  const words = [...files.flatMap((file) => ['--config', file]), 'check', '--no-connect', ...options];
  const settings = { cwd: directory, env, extendEnv: false, reject: false } as const;
  const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...words], settings);
  return { code: exitCode, stdout, stderr };
}
const both = ['good.yaml', 'bad.yaml'];

describe('check --no-connect', () => {
  it('needs no database and no variable of one', async () => {
    const { code, stdout } = await check(['good.yaml']);
    expect(stdout).toBe('good.yaml: ok, 1 database and 1 sync, nothing connected to');
    expect(code).toBe(0);
  });

  it('checks several files, and tells of each', async () => {
    const { code, stdout, stderr } = await check(both);
    expect(stdout).toMatch(/^good\.yaml: ok.*\nbad\.yaml: 1 problem$/);
    expect(stderr).toMatch(/^bad\.yaml:7:5: .*evry.*every/m);
    expect(code).toBe(2);
  });

  it('as GitHub annotations names file, line and column, of a query file too', async () => {
    const { code, stdout, stderr } = await check(both, '--format', 'github');
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^::warning file=people\.sql,line=2,col=4,title=inlet check::people: /),
      expect.stringMatching(/^::error file=bad\.yaml,line=7,col=5,title=inlet check::.*evry/),
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(2);
  });

  it('as SARIF gives a result for each problem, with its rule and its place', async () => {
    const { code, stdout } = await check(both, '--format', 'sarif');
    const at = (uri: string, startLine: number, startColumn: number) => ({
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
            region: { startLine, startColumn },
          },
        },
      ],
    });
    expect(JSON.parse(stdout)).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: { name: 'inlet', rules: [{ id: 'configuration' }, { id: 'query' }, { id: 'database' }] },
          },
          results: [
            { ruleId: 'query', ruleIndex: 1, level: 'warning', ...at('people.sql', 2, 4) },
            { ruleId: 'configuration', ruleIndex: 0, level: 'error', ...at('bad.yaml', 7, 5) },
          ],
        },
      ],
    });
    expect(code).toBe(2);
  });

  it('as JSON has every problem in one list', async () => {
    const { code, stdout } = await check(both, '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      files: both,
      problems: [
        { level: 'warning', rule: 'query', file: 'people.sql', line: 2, column: 4 },
        { level: 'error', rule: 'configuration', file: 'bad.yaml', line: 7, column: 5 },
      ],
      databases: [],
    });
    expect(code).toBe(2);
  });

  it('with a warning only is fine', async () => {
    const { code, stderr } = await check(['good.yaml'], '--format', 'text');
    expect(stderr).toMatch(/^warning: people: \{\{last_sync_time\}\} in line 2/);
    expect(code).toBe(0);
  });

  it('takes no database by name', async () => {
    const { code, stdout, stderr } = await check(['good.yaml'], 'crm');
    expect(stderr).toMatch(/--no-connect asks no database, so "crm"/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('a GitHub annotation', () => {
  const problem = {
    level: 'error',
    rule: 'configuration',
    file: '/srv/a,b: 50%.yaml',
    line: 1,
    column: 2,
  } as const;

  it('escapes what would end it or a property of it', () => {
    const said = githubAnnotation({ ...problem, message: '100% wrong: a,\nb' }, '/srv');
    expect(said).toBe(
      '::error file=a%2Cb%3A 50%25.yaml,line=1,col=2,title=inlet check::100%25 wrong: a,\\nb',
    );
  });

  it('leaves out a place that is not known', () => {
    const { file, level, rule } = problem;
    expect(githubAnnotation({ file, level, rule, message: 'gone' }, '/srv')).toMatch(
      /^::error file=[^,]+,title=inlet check::gone$/,
    );
  });
});
