import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../dev/postgres-server.js';

/** Runs `work` on a PostgreSQL of its own, of which nothing is left afterwards. */
export async function onThrowAwayPostgres(work: (url: string) => Promise<void>): Promise<void> {
  // Where the reader of a pipe has gone (`| head`), the server and its directory still have to go, too.
  process.stdout.on('error', () => undefined);
  const directory = await mkdtemp(join(tmpdir(), 'inlet-script-'));
  await chmod(directory, 0o755); // PostgreSQL may have to enter it as somebody else.
  const postgres = await startPostgres({
    directory: join(directory, 'postgres'),
    password: randomBytes(16).toString('hex'),
    throwAway: true,
    logFile: join(directory, 'postgres.log'),
  });
  try {
    await work(postgres.url);
  } finally {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
