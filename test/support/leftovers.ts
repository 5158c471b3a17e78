import { writeFileSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { identifyProcess, isAlive } from '../../dev/process-identity.js';
import { identity, ProcessTable } from '../../dev/process-table.js';

/** What the directories of runs are called. */
export const prefix = join(tmpdir(), 'inlet-servers-');

const ownerFile = (directory: string) => join(directory, 'owner.json');
const tableOf = (directory: string) => new ProcessTable(join(directory, 'processes.json'));

/** Notes in the directory that this process has made it, so that another run can tell when nobody needs it. */
export function own(directory: string): ProcessTable {
  noteOwner(directory);
  return tableOf(directory);
}

/** The note alone, for who keeps a list of processes of their own. */
export function noteOwner(directory: string): void {
  writeFileSync(ownerFile(directory), JSON.stringify(identifyProcess(process.pid)));
}

/** Directories of this prefix whose maker was killed. */
export async function abandoned(pathPrefix: string): Promise<string[]> {
  const names = await readdir(dirname(pathPrefix));
  const paths = names
    .map((name) => join(dirname(pathPrefix), name))
    .filter((path) => path.startsWith(pathPrefix));
  const owners = await Promise.all(
    paths.map(async (path) => ({
      path,
      owner: identity.safeParse(await readFile(ownerFile(path), 'utf8').then(JSON.parse, () => null)),
    })),
  );
  // Without an owner it is being made at this moment.
  return owners.flatMap(({ path, owner }) => (owner.success && !isAlive(owner.data) ? [path] : []));
}

/** Ends the servers of runs that were killed, and removes their directories. */
export async function endLeftovers(): Promise<void> {
  for (const directory of await abandoned(prefix)) {
    await tableOf(directory).endAll();
    await rm(directory, { recursive: true, force: true });
  }
}
