import { execa } from 'execa';

/** Since 1.28 a workflow can be started together with an update, as `inlet apply` does. */
const OLDEST_MINOR = 28;

/** @returns null if the file runs and is a Temporal CLI that we can use, else a sentence */
export async function whyUnusable(file: string): Promise<string | null> {
  const { stdout, failed, shortMessage } = await execa(file, ['--version'], {
    reject: false,
    timeout: 20_000,
    stdin: 'ignore',
  });
  if (failed) return shortMessage ?? 'it failed.';
  if (!stdout.startsWith('temporal version ')) return `"--version" printed "${stdout.slice(0, 80)}".`;
  const [, major = '', minor = ''] = /server (\d+)\.(\d+)/i.exec(stdout) ?? [];
  const isTooOld = major === '0' || (major === '1' && Number(minor) < OLDEST_MINOR);
  return isTooOld ? `its server is ${major}.${minor}, and Inlet needs 1.${OLDEST_MINOR} or newer.` : null;
}
