import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError } from '../../config/config-error.js';
import type { Environment } from '../../config/environment.js';
import { loadWorkspaceFile, type WorkspaceFile } from '../../config/workspace-file.js';

/** A directory for one test; it is removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'inlet-config-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** Writes the file into a directory of its own, with others beside it, and gives its path. */
export function writeInletYaml(content: string | Buffer, beside: Record<string, string> = {}): string {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(beside)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const path = join(directory, 'inlet.yaml');
  writeFileSync(path, content);
  return path;
}

export function environmentOf(variables: Record<string, string> = {}): Environment {
  return {
    get: (name) => variables[name] || undefined,
    source: null,
    path: null,
    toObject: () => variables,
  };
}

export function load(
  content: string | Buffer,
  beside: Record<string, string> = {},
  variables: Record<string, string> = {},
): Promise<WorkspaceFile> {
  return loadWorkspaceFile(writeInletYaml(content, beside), environmentOf(variables));
}

/** What is wrong with a file, each as `line:column message`. */
export async function problemsOf(
  content: string | Buffer,
  beside: Record<string, string> = {},
): Promise<string[]> {
  try {
    await load(content, beside);
    return [];
  } catch (error) {
    return problemsIn(error);
  }
}

/** The problems of a ConfigError, each as `line:column message`; anything else is thrown on. */
export function problemsIn(error: unknown): string[] {
  if (!(error instanceof ConfigError)) throw error;
  return error.problems.map(({ line, column, message }) =>
    line === undefined ? message : `${line}:${column ?? '?'} ${message}`,
  );
}

/** A whole file around the keys of one sync, which begin in line 6. */
export function fileWithSync(keys: Record<string, string>): string {
  const sync = { database: 'crm', every: '1h', identifyBy: 'id', query: 'SELECT 1 AS id', ...keys };
  return [
    'workspace: { name: acme }',
    'databases:',
    '  crm: { type: postgres, url: "${CRM_DATABASE_URL}" }',
    'syncs:',
    '  customers:',
    ...Object.entries(sync)
      .filter(([, value]) => value !== '(none)')
      .map(([key, value]) => `    ${key}: ${value}`),
    '',
  ].join('\n');
}

/** A whole file around the keys of one database, which begin in line 4. */
export function fileWithDatabase(keys: Record<string, string>): string {
  const lines = Object.entries({ type: 'postgres', ...keys }).map(([key, value]) => `    ${key}: ${value}`);
  return ['workspace: { name: acme }', 'databases:', '  crm:', ...lines, ''].join('\n');
}
