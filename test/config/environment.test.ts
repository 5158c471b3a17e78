import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readEnvironment } from '../../config/environment.js';
import { problemsIn, temporaryDirectory } from './written-file.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function writeEnvironmentFile(directory: string, text: string, mode = 0o600): string {
  mkdirSync(join(directory, '.inlet'), { recursive: true });
  const path = join(directory, '.inlet/env');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('.inlet/env', () => {
  test('gives what the process does not have, and is named', () => {
    const directory = temporaryDirectory();
    const path = writeEnvironmentFile(directory, 'INLET_TEST_A=from file\n');
    const environment = readEnvironment(directory);
    expect(environment.get('INLET_TEST_A')).toBe('from file');
    expect([environment.source, environment.path]).toEqual(['.inlet/env', path]);
  });

  test('does not change what the process has', () => {
    vi.stubEnv('INLET_TEST_A', 'from process');
    const directory = temporaryDirectory();
    writeEnvironmentFile(directory, 'INLET_TEST_A=from file\nINLET_TEST_B=b\n');
    const environment = readEnvironment(directory);
    expect([environment.get('INLET_TEST_A'), environment.get('INLET_TEST_B')]).toEqual(['from process', 'b']);
  });

  test('fills in what is empty in the process', () => {
    vi.stubEnv('INLET_TEST_A', '');
    const directory = temporaryDirectory();
    writeEnvironmentFile(directory, 'INLET_TEST_A=from file\n');
    expect(readEnvironment(directory).get('INLET_TEST_A')).toBe('from file');
  });

  test('is not named if nothing came from it', () => {
    vi.stubEnv('INLET_TEST_A', 'from process');
    const directory = temporaryDirectory();
    writeEnvironmentFile(directory, 'INLET_TEST_A=from file\n');
    expect(readEnvironment(directory).source).toBeNull();
  });

  test('is looked for upward, and only the nearest is read', () => {
    const top = temporaryDirectory();
    const middle = join(top, 'a');
    const bottom = join(middle, 'b/c');
    mkdirSync(bottom, { recursive: true });
    writeEnvironmentFile(top, 'INLET_TEST_A=top\nINLET_TEST_B=top\n');
    writeEnvironmentFile(middle, 'INLET_TEST_A=middle\n');
    const environment = readEnvironment(bottom);
    expect([environment.get('INLET_TEST_A'), environment.get('INLET_TEST_B')]).toEqual(['middle', undefined]);
  });

  test('need not be there', () => {
    const environment = readEnvironment(temporaryDirectory());
    expect(environment.source).toBeNull();
    expect(environment.get('PATH')).toBe(process.env.PATH);
  });

  test('is not looked for in a file called .inlet', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, '.inlet'), '');
    expect(readEnvironment(directory).source).toBeNull();
  });

  test.each([
    ['INLET_TEST_A=postgres://a:b#c@h/d?x=y=z', 'postgres://a:b#c@h/d?x=y=z'],
    ['INLET_TEST_A="in quotes"', 'in quotes'],
    ["INLET_TEST_A='it''s'", "it''s"],
    ['INLET_TEST_A="', '"'],
    ['export INLET_TEST_A=x', 'x'],
    ['\uFEFF# comment\r\n\r\n  INLET_TEST_A= x \r\n', 'x'],
    ['INLET_TEST_A=', undefined],
    ['INLET_TEST_A=$HOME', '$HOME'],
  ])('%j gives %j', (text, value) => {
    const directory = temporaryDirectory();
    writeEnvironmentFile(directory, text);
    expect(readEnvironment(directory).get('INLET_TEST_A')).toBe(value);
  });

  test('with a line that is not NAME=value is refused, without repeating it', () => {
    const directory = temporaryDirectory();
    writeEnvironmentFile(directory, 'INLET_TEST_A=a\nhunter2\nINLET-TEST=b\n');
    const problems = problemsThrownBy(() => readEnvironment(directory));
    expect(problems.map((problem) => problem.slice(0, 32))).toEqual([
      '2:? This line is not NAME=value.',
      '3:? This line is not NAME=value.',
    ]);
    expect(problems.join()).not.toContain('hunter2');
  });

  test.each([0o644, 0o640, 0o604, 0o620, 0o602])('with mode %o is refused with the chmod to run', (mode) => {
    const directory = temporaryDirectory();
    const path = writeEnvironmentFile(directory, 'INLET_TEST_A=a\n', mode);
    expect(problemsThrownBy(() => readEnvironment(directory))).toEqual([
      `This file holds credentials and other users of this machine can read or change it. Run: chmod 600 ${path}`,
    ]);
  });

  test('of another user, who is not root, is refused with the chown to run', () => {
    const directory = temporaryDirectory();
    const path = writeEnvironmentFile(directory, 'INLET_TEST_A=a\n');
    const { uid, gid } = statSync(path);
    const owner = uid === 0 ? 4711 : uid;
    if (uid === 0) chownSync(path, owner, gid);
    vi.spyOn(process, 'getuid').mockReturnValue(4712);
    expect(problemsThrownBy(() => readEnvironment(directory))).toEqual([
      `This file belongs to another user (uid ${owner}), who could set variables for you. If it is yours, run: chown 4712 ${path}`,
    ]);
  });
});

test('an empty variable is as good as none', () => {
  vi.stubEnv('INLET_TEST_A', '');
  expect(readEnvironment(temporaryDirectory()).get('INLET_TEST_A')).toBeUndefined();
});

test('all variables can be had as a record', () => {
  vi.stubEnv('INLET_TEST_A', 'from process');
  const directory = temporaryDirectory();
  writeEnvironmentFile(directory, 'INLET_TEST_A=from file\nINLET_TEST_B=b\n');
  expect(readEnvironment(directory).toObject()).toEqual({
    ...process.env,
    INLET_TEST_A: 'from process',
    INLET_TEST_B: 'b',
  });
});

function problemsThrownBy(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    return problemsIn(error);
  }
  throw new Error('nothing was thrown');
}
