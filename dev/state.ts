import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of package.json, from the sources as from dist/. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  if (dirname(directory) === directory) throw new Error('Inlet was installed without its package.json.');
  return findRoot(dirname(directory));
}

/** The command line, from the sources as from dist/. */
export const program = join(root, 'bin', 'inlet.js');

/** False in the npm package, which has what was compiled and no sources. */
export const isCheckout = existsSync(join(root, 'client', 'main.ts'));

/** How to start again, as the user would. */
export const startCommand = isCheckout ? 'npm start' : 'npx inlet dev';

/**
 * The directory of all state: beside the sources in a checkout; with the package it is where the user is, since
 * node_modules is npm's and may be read-only.
 */
export function stateDirectory(workingDirectory = process.cwd()): string {
  return join(isCheckout ? root : workingDirectory, '.inlet');
}

/** Where everything lives that `inlet dev` makes. */
export interface State {
  directory: string;
  /** What a second terminal reads: addresses and passwords. */
  env: string;
  /** Which processes run, so that a later start finds what this one left. */
  processes: string;
  postgres: string;
  temporalDatabase: string;
  /** Of Temporal's clients: an empty one. */
  temporalConfig: string;
  logs: string;
  /** Is there once Redshift's stand-in was asked for: its sync is applied, and needs it from then on. */
  withRedshift: string;
  /** The Temporal CLI, if it was none of the machine's. Outlives --reset. */
  bin: string;
  /** What --reset removes, and a file that is there while it does. */
  forgottenByReset: string[];
  resetting: string;
}

export function stateUnder(directory: string): State {
  const env = join(directory, 'env');
  const postgres = join(directory, 'postgres');
  const temporalDatabase = join(directory, 'temporal.db');
  const logs = join(directory, 'logs');
  const withRedshift = join(directory, 'with-redshift');
  return {
    directory,
    env,
    processes: join(directory, 'processes.json'),
    postgres,
    temporalDatabase,
    temporalConfig: join(directory, 'temporal.toml'),
    logs,
    withRedshift,
    bin: join(directory, 'bin'),
    forgottenByReset: [
      env,
      postgres,
      logs,
      withRedshift,
      ...['', '-wal', '-shm'].map((end) => `${temporalDatabase}${end}`),
    ],
    resetting: join(directory, 'resetting'),
  };
}
