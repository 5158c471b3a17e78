import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Puts variables into an `.inlet/env`, from where `readEnvironment` takes them; others that are in it stay. It is written
 * whole or not at all, and for its owner only. A new directory gets a .gitignore, so that no credential is committed.
 *
 * @param path of the file, which need not be there
 */
export function keepVariables(path: string, variables: Readonly<Record<string, string>>): void {
  const directory = dirname(path);
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, '.gitignore'), '*\n');
  }
  const former = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  const isReplaced = (line: string) =>
    Object.keys(variables).some((name) => new RegExp(`^\\s*(?:export\\s+)?${name}=`).test(line));
  const lines = [
    ...former.filter((line) => !isReplaced(line)),
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
  ];
  const aside = `${path}.new`;
  writeFileSync(aside, `${lines.join('\n')}\n`, { mode: 0o600 });
  chmodSync(aside, 0o600);
  renameSync(aside, path);
}
