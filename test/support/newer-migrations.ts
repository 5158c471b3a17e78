import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { MIGRATIONS } from '../../store/compatibility.js';

/** What a later version of Inlet would bring: this version's migrations and one more. Gives the directory. */
export async function withOneMore(sql: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'inlet-newer-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await cp(MIGRATIONS, directory, { recursive: true });
  await writeFile(join(directory, '900_newer.sql'), `-- Up Migration\n${sql}\n-- Down Migration\n`);
  return directory;
}

/** A former version survives this one: it only adds. */
export const ADDS = `ALTER TABLE inlet.person ADD COLUMN seen_at timestamptz;
  CREATE TABLE inlet.newer (at timestamptz);`;

/** And not this one, which says so. */
export const RAISES = `SELECT inlet.raise_oldest_worker(900);
  ALTER TABLE inlet.person RENAME COLUMN attributes TO data;`;
