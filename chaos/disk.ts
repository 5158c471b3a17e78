import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const SIZE_MB = 1_536;
/** Enough for a moment, so that what fails is not always the first write. */
const LEFT_BYTES = 2 * 1024 * 1024;

/** A small disk for a PostgreSQL, that can be filled up without harm to the machine's. */
export interface Disk {
  /** What it is, for the report. */
  kind: string;
  /** @param postmaster whose processes meet the limit where there is no disk of its own */
  fill(postmaster: number): Promise<void>;
  free(postmaster: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Mounts a tmpfs on the directory, which only root may; anybody else gets a limit on the size of files in its place, which
 * PostgreSQL meets as it meets a full disk.
 */
export async function openDisk(directory: string): Promise<Disk> {
  await mkdir(directory);
  const mounted = await execa(
    'mount',
    ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=0700`, 'tmpfs', directory],
    { reject: false },
  );
  return mounted.failed ? fileSizeLimit() : tmpfs(directory);
}

function tmpfs(directory: string): Disk {
  const ballast = join(directory, 'ballast');
  return {
    kind: `a tmpfs of ${SIZE_MB} MB`,
    async fill() {
      const { bavail, bsize } = await statfs(directory);
      await execa('fallocate', ['-l', String(Math.max(1, bavail * bsize - LEFT_BYTES)), ballast]);
    },
    free: () => rm(ballast, { force: true }),
    async close() {
      await execa('umount', ['-l', directory]);
    },
  };
}

/** By prlimit(1): new sessions of the server inherit what its postmaster has. */
function fileSizeLimit(): Disk {
  const limit = async (postmaster: number, bytes: string) => {
    const { stdout } = await execa('pgrep', ['-P', String(postmaster)], { reject: false });
    for (const pid of [String(postmaster), ...stdout.split('\n').filter(Boolean)])
      await execa('prlimit', ['--pid', pid, `--fsize=${bytes}:`], { reject: false });
  };
  return {
    kind: 'a limit on the size of files',
    fill: (postmaster) => limit(postmaster, String(LEFT_BYTES)),
    free: (postmaster) => limit(postmaster, 'unlimited'),
    close: () => Promise.resolve(),
  };
}
