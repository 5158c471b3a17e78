import { appendFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { endProcess, type ProcessIdentity } from '../dev/process-identity.js';
import { identity } from '../dev/process-table.js';
import { abandoned, noteOwner } from '../test/support/leftovers.js';

const prefix = join(tmpdir(), 'inlet-chaos-');
const processesFile = (directory: string) => join(directory, 'processes');

/** A directory of this run, which says whose it is; what was left of runs that were killed goes first. */
export async function ownDirectory(): Promise<string> {
  for (const directory of await abandoned(prefix)) await clear(directory);
  const directory = await mkdtemp(prefix);
  noteOwner(directory);
  return directory;
}

/** Notes a process that has to go with the directory, before anything else happens. */
export function note(directory: string, started: ProcessIdentity): void {
  appendFileSync(processesFile(directory), `${JSON.stringify(started)}\n`);
}

/** Ends the processes of a run that was killed, the last one first, and removes its disk and its directory. */
async function clear(directory: string): Promise<void> {
  const lines = (await readFile(processesFile(directory), 'utf8').catch(() => ''))
    .split('\n')
    .filter(Boolean);
  for (const line of lines.toReversed())
    await endProcess(identity.parse(JSON.parse(line)), { signal: 'SIGTERM', graceMs: 2_000 });
  await execa('umount', ['-l', join(directory, 'store')], { reject: false });
  await rm(directory, { recursive: true, force: true });
}
