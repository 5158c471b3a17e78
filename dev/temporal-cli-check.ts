import { execa } from 'execa';

/** @returns null if the file runs and is the Temporal CLI, else a sentence */
export async function whyUnusable(file: string): Promise<string | null> {
  const { stdout, failed, shortMessage } = await execa(file, ['--version'], {
    reject: false,
    timeout: 20_000,
    stdin: 'ignore',
  });
  if (failed) return shortMessage ?? 'it failed.';
  return /^temporal version /.test(stdout) ? null : `"--version" printed "${stdout.slice(0, 80)}".`;
}
