import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config/config-error.js';
import type { Environment } from '../config/environment.js';
import { loadWorkspaceFile, type WorkspaceFile } from '../config/workspace-file.js';

/**
 * Does something with a file that is not written yet, as if it were: nothing of it is left, whatever happens.
 *
 * @param called what problems call the file
 */
export async function withDraft<T>(
  { text, called, environment }: { text: string; called: string; environment: Environment },
  work: (file: WorkspaceFile) => Promise<T> | T,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'inlet-init-'));
  try {
    const path = join(directory, 'inlet.yaml');
    await writeFile(path, text);
    return await work(await loadWorkspaceFile(path, environment));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map(({ message }) => ({ file: called, message })));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** An environment with variables that it will have once they are written down. */
export function withVariables(environment: Environment, variables: ReadonlyMap<string, string>): Environment {
  return {
    ...environment,
    get: (name) => variables.get(name) ?? environment.get(name),
    toObject: () => ({ ...environment.toObject(), ...Object.fromEntries(variables) }),
  };
}
