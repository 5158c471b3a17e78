import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, vi } from 'vitest';
import { startPostgres } from '../../dev/postgres-server.js';
import { connected, run } from './source-database.js';

/** A primary and its streaming standby, for what the run's shared PostgreSQL can't be. Both URLs are the superuser's. */
export interface StreamingPair {
  primaryUrl: string;
  standbyUrl: string;
  /** Returns once the standby has replayed all that was committed on the primary. */
  caughtUp(): Promise<void>;
  /** From now on the standby receives what is committed, and does not show it. */
  pauseReplay(): Promise<void>;
  resumeReplay(): Promise<void>;
  stop(): Promise<void>;
}

/** Both allow five prepared transactions. */
export async function startStreamingPair(): Promise<StreamingPair> {
  const directory = await mkdtemp(join(tmpdir(), 'inlet-standby-'));
  await chmod(directory, 0o755);
  const password = randomBytes(12).toString('hex');
  const start = (name: string, settings: Record<string, string>) =>
    startPostgres({
      directory: join(directory, name),
      password,
      throwAway: true,
      settings: {
        ...settings,
        max_prepared_transactions: '5',
        shared_buffers: '32MB',
        max_connections: '40',
        // A standby is sent what the primary has flushed.
        synchronous_commit: 'on',
      },
      logFile: join(directory, `${name}.log`),
    });
  const primary = await start('primary', {});
  await copyCluster(primary.url, join(directory, 'primary'), join(directory, 'standby'));
  const standby = await start('standby', {
    primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres password=${password}`,
    wal_receiver_status_interval: '1s',
  });
  return {
    primaryUrl: primary.url,
    standbyUrl: standby.url,
    caughtUp: () => caughtUp(primary.url, standby.url),
    async pauseReplay() {
      await run(standby.url, 'SELECT pg_wal_replay_pause()');
      await vi.waitFor(async () =>
        expect(await run(standby.url, 'SELECT pg_get_wal_replay_pause_state() AS state')).toEqual([
          { state: 'paused' },
        ]),
      );
    },
    async resumeReplay() {
      await run(standby.url, 'SELECT pg_wal_replay_resume()');
    },
    async stop() {
      await standby.stop();
      await primary.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * A base backup by hand, since the embedded PostgreSQL has no pg_basebackup:
 * https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
async function copyCluster(url: string, from: string, to: string): Promise<void> {
  const session = await connected(url);
  try {
    await session.query(`SELECT pg_backup_start('standby', fast => true)`);
    // With owners and modes: PostgreSQL runs under an account of its own where we are root.
    await execa('cp', ['--archive', from, to]);
    const { rows } = await session.query<{ label: string }>(
      'SELECT labelfile AS label FROM pg_backup_stop(wait_for_archive => false)',
    );
    await rm(join(to, 'data', 'postmaster.pid'));
    await writeFile(join(to, 'data', 'backup_label'), rows[0]?.label ?? '');
    await writeFile(join(to, 'data', 'standby.signal'), '');
    await execa('chown', ['--reference', join(to, 'data'), join(to, 'data', 'backup_label')]);
    await execa('chown', ['--reference', join(to, 'data'), join(to, 'data', 'standby.signal')]);
  } finally {
    await session.end();
  }
}

async function caughtUp(primaryUrl: string, standbyUrl: string): Promise<void> {
  const [written] = await run(primaryUrl, 'SELECT pg_current_wal_flush_lsn()::text AS lsn');
  const behind = `SELECT pg_last_wal_replay_lsn() >= '${String(written?.['lsn'])}' AS there`;
  await vi.waitFor(async () => expect(await run(standbyUrl, behind)).toEqual([{ there: true }]), {
    timeout: 20_000,
  });
}
