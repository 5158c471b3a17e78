import { appendFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { endProcess, identifyProcess, isAlive, type ProcessIdentity } from '../dev/process-identity.js';

const prefix = 'inlet-chaos-';
const identity = z.object({ pid: z.number(), startedAt: z.string() });

const ownerFile = (directory: string) => join(directory, 'owner.json');
const processesFile = (directory: string) => join(directory, 'processes');

/** A directory of this run, which says whose it is; what was left of runs that were killed goes first. */
export async function ownDirectory(): Promise<string> {
  for (const name of await readdir(tmpdir())) if (name.startsWith(prefix)) await clear(join(tmpdir(), name));
  const directory = await mkdtemp(join(tmpdir(), prefix));
  writeFileSync(ownerFile(directory), JSON.stringify(identifyProcess(process.pid)));
  return directory;
}

/** Notes a process that has to go with the directory, before anything else happens. */
export function note(directory: string, started: ProcessIdentity): void {
  appendFileSync(processesFile(directory), `${JSON.stringify(started)}\n`);
}

/** Ends the processes of a run that was killed, the last one first, and removes its disk and its directory. */
async function clear(directory: string): Promise<void> {
  const owner = identity.safeParse(
    await read(ownerFile(directory))
      .then(JSON.parse)
      .catch(() => null),
  );
  if (!owner.success || isAlive(owner.data)) return;
  const lines = (await read(processesFile(directory))).split('\n').filter(Boolean);
  for (const line of lines.toReversed())
    await endProcess(identity.parse(JSON.parse(line)), { signal: 'SIGTERM', graceMs: 2_000 });
  await execa('umount', ['-l', join(directory, 'store')], { reject: false });
  await rm(directory, { recursive: true, force: true });
}

const read = (file: string) => readFile(file, 'utf8').catch(() => '');
