import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError, type ConfigProblem } from './config-error.js';

/** Environment variables, with what `.inlet/env` adds to them. */
export interface Environment {
  /** The variable's value; undefined if it is missing or empty, in the process and in the file. */
  get(name: string): string | undefined;
  /** `.inlet/env` if at least one variable comes from that file and not from the process. */
  readonly source: '.inlet/env' | null;
  /** The absolute path of the file that `source` speaks of. */
  readonly path: string | null;
  /** All variables as a plain record, for child processes and for @temporalio/envconfig's `overrideEnvVars`. */
  toObject(): Record<string, string>;
}

const place = '.inlet/env' as const;

/**
 * Reads the environment of the process; what is missing or empty there is taken from the nearest `.inlet/env` in `cwd`
 * or a directory above it (docs/configuration.md#environment-variables).
 *
 * @throws ConfigError if that file can be read or was written by somebody else, or has a line that is not `NAME=value`
 */
export function readEnvironment(cwd: string = process.cwd()): Environment {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) variables.set(name, value);
  }

  const path = nearestEnvironmentFile(cwd);
  let used = false;
  if (path !== null) {
    for (const [name, value] of readEnvironmentFile(path)) {
      if (value === '' || (variables.get(name) ?? '') !== '') continue;
      variables.set(name, value);
      used = true;
    }
  }

  return {
    get: (name) => variables.get(name) || undefined,
    source: used ? place : null,
    path: used ? path : null,
    toObject: () => Object.fromEntries(variables),
  };
}

/** The `.inlet/env` in a directory or above it; those further up belong to something else. Null if there is none. */
export function nearestEnvironmentFile(start: string): string | null {
  for (let directory = resolve(start); ; directory = dirname(directory)) {
    const path = join(directory, place);
    if (isFile(path)) return path;
    if (dirname(directory) === directory) return null;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // not there, or in a directory that we may not enter
  }
}

function readEnvironmentFile(path: string): Map<string, string> {
  refuseIfOthersCouldReadOrWrite(path);
  const variables = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const [index, line] of readText(path).split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) {
      problems.push({
        file: path,
        line: index + 1,
        message:
          'This line is not NAME=value. The value goes to the end of the line; quotes around it are optional.',
      });
      continue;
    }
    variables.set(match[1], withoutQuotes(match[2].trim()));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return variables;
}

/** The file holds credentials, and what it sets is handed to child processes: it must be ours alone, as ssh asks of its files. */
function refuseIfOthersCouldReadOrWrite(path: string): void {
  if (process.platform === 'win32') return;
  const { mode, uid } = statSync(path);
  if ((mode & 0o077) !== 0) {
    const message = `This file holds credentials and other users of this machine can read or change it. Run: chmod 600 ${path}`;
    throw new ConfigError([{ file: path, message }]);
  }
  const self = process.getuid?.();
  if (self !== undefined && uid !== self && uid !== 0) {
    const message = `This file belongs to another user (uid ${uid}), who could set variables for you. If it is yours, run: chown ${self} ${path}`;
    throw new ConfigError([{ file: path, message }]);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ConfigError([{ file: path, message: `This file can't be read (${reason}).` }]);
  }
}

function withoutQuotes(value: string): string {
  const quote = value[0];
  const quoted = value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote);
  return quoted ? value.slice(1, -1) : value;
}

/** Sets a variable for a library that reads the environment itself, unless the user has set it. */
export function setUnlessSet(name: string, value: string): void {
  process.env[name] ??= value;
}
