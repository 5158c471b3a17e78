import { writeFileSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { identifyProcess, isAlive } from '../../dev/process-identity.js';
import { ProcessTable } from '../../dev/process-table.js';

/** What the directories of runs are called. */
export const prefix = join(tmpdir(), 'inlet-servers-');

const ownerFile = (directory: string) => join(directory, 'owner.json');
const tableOf = (directory: string) => new ProcessTable(join(directory, 'processes.json'));

/** Notes in the directory that this process has made it, so that another run can tell when nobody needs it. */
export function own(directory: string): ProcessTable {
  writeFileSync(ownerFile(directory), JSON.stringify(identifyProcess(process.pid)));
  return tableOf(directory);
}

/** Ends the servers of runs that were killed, and removes their directories. */
export async function endLeftovers(): Promise<void> {
  const names = await readdir(tmpdir());
  const directories = names.map((name) => join(tmpdir(), name)).filter((path) => path.startsWith(prefix));
  for (const directory of directories) {
    const owner = identity.safeParse(
      await readFile(ownerFile(directory), 'utf8').then(JSON.parse, () => null),
    );
    // Without an owner it is being made at this moment.
    if (!owner.success || isAlive(owner.data)) continue;
    await tableOf(directory).endAll();
    await rm(directory, { recursive: true, force: true });
  }
}

const identity = z.object({ pid: z.number(), startedAt: z.string() });
