import { execa } from 'execa';
import { dirname } from 'node:path';
import { program } from '../../dev/state.js';
import type { Servers } from './servers.js';

/** Runs a command of the command line on a file, in the file's directory, and gives what it said and how it ended. */
export async function runInlet(
  { env }: Pick<Servers, 'env'>,
  file: string,
  args: string[],
  signal?: AbortSignal,
): Promise<{ exitCode?: number; stdout: string; stderr: string }> {
  return await execa(process.execPath, [program, '--config', file, ...args], {
    ...{ cwd: dirname(file), env, extendEnv: false, reject: false },
    ...(signal !== undefined && { cancelSignal: signal }),
  });
}
