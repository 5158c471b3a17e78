import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { endProcess, identifyProcess, isAlive, type ProcessIdentity } from '../../dev/process-identity.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const gently = { signal: 'SIGTERM', graceMs: 300 } as const;

interface Run {
  child: ChildProcess;
  identity: ProcessIdentity;
  /** The first that it wrote. */
  said: string;
}

/** Runs a script and waits until it writes something. */
async function run(script: string): Promise<Run> {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
  const identity = identifyProcess(child.pid ?? 0);
  if (identity === null) throw new Error('The process is not there.');
  return { child, identity, said };
}

it('a process is alive until it has ended', async () => {
  const { identity } = await run('echo up; exec sleep 60');
  expect(isAlive(identity)).toBe(true);
  expect(await endProcess(identity, gently)).toBe('ended');
  expect(isAlive(identity)).toBe(false);
  expect(await endProcess(identity, gently)).toBe('gone');
});

it('one that does not listen is killed', async () => {
  const { child, identity } = await run(`trap '' TERM; echo up; while :; do sleep 0.05; done`);
  expect(await endProcess(identity, gently)).toBe('killed');
  await expect.poll(() => child.signalCode).toBe('SIGKILL');
});

it('somebody else who has been given the pid is left alone', async () => {
  const { child, identity } = await run('echo up; exec sleep 60');
  const earlier = { ...identity, startedAt: `${identity.startedAt}0` };
  expect(isAlive(earlier)).toBe(false);
  expect(await endProcess(earlier, gently)).toBe('gone');
  expect(isAlive(identity)).toBe(true);
  expect(child.signalCode).toBeNull();
});

it('a process that has ended and was not buried is not alive', async () => {
  // What the shell becomes never waits for the shell's child, which says its pid and ends.
  const { said } = await run(`sh -c 'echo $$' & exec sleep 60`);
  await expect.poll(() => readFileSync(`/proc/${Number(said)}/stat`, 'utf8')).toContain(' Z ');
  expect(identifyProcess(Number(said))).toBeNull();
});

it('a name with spaces and parentheses does not confuse it', async () => {
  const program = join(await temporaryDirectory(), 'a) Z (b');
  await symlink('/bin/sleep', program);
  const { identity } = await run(`echo up; exec "${program}" 60`);
  await expect.poll(() => readFileSync(`/proc/${identity.pid}/comm`, 'utf8')).toBe('a) Z (b\n');
  expect(isAlive(identity)).toBe(true);
});
