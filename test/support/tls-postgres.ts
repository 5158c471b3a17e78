import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { startPostgres } from '../../dev/postgres-server.js';
import { run } from './source-database.js';
import { makeCertificate, type Certificate } from './certificates.js';

/** A PostgreSQL of its own that speaks TLS as `localhost`, for what the run's shared one can't be configured for. */
export interface TlsPostgres {
  /** Connects as the superuser, without TLS, to the database `postgres`. */
  superuserUrl: string;
  port: number;
  /** The password of every user that `users` names. */
  password: string;
  /** The certificate of the authority that signed the server's, as a file; and of one that did not. */
  authorityFile: string;
  strangerFile: string;
  /** Gives the server another certificate for connections from then on. */
  useCertificate(options: { hosts: string[]; notAfter?: Date }): Promise<void>;
  stop(): Promise<void>;
}

/** By name, the ways in which pg_hba.conf lets a user in. */
const users = { tls_only: 'hostssl', plain_only: 'hostnossl', either_way: 'host' } as const;

/** Allows five prepared transactions as well. */
export async function startTlsPostgres(): Promise<TlsPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'inlet-tls-'));
  await chmod(directory, 0o755);
  const password = randomBytes(12).toString('hex');
  const server = await startPostgres({
    directory: join(directory, 'postgres'),
    password,
    throwAway: true,
    settings: { max_prepared_transactions: '5' },
    logFile: join(directory, 'postgres.log'),
  });
  const data = join(directory, 'postgres', 'data');
  const authority = makeCertificate({ commonName: 'Inlet test authority' });
  const stranger = makeCertificate({ commonName: 'Somebody else' });
  const authorityFile = join(directory, 'authority.crt');
  const strangerFile = join(directory, 'stranger.crt');
  await writeFile(authorityFile, authority.certificate);
  await writeFile(strangerFile, stranger.certificate);

  const useCertificate: TlsPostgres['useCertificate'] = async (options) => {
    const issuer = { commonName: 'Inlet test authority', key: authority.key };
    await installCertificate(data, makeCertificate({ commonName: 'server', issuer, ...options }));
    await run(server.url, 'ALTER SYSTEM SET ssl = on');
    await reload(server.url);
  };
  await writeFile(join(data, 'pg_hba.conf'), hba());
  for (const user of Object.keys(users)) {
    await run(server.url, `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
  }
  await useCertificate({ hosts: ['localhost'] });
  return {
    superuserUrl: server.url,
    port: server.port,
    password,
    authorityFile,
    strangerFile,
    useCertificate,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function hba(): string {
  const lines = Object.entries(users).map(([user, type]) => `${type} all ${user} all scram-sha-256`);
  return ['host all postgres 127.0.0.1/32 scram-sha-256', ...lines, ''].join('\n');
}

/** The server reads its key only if it is its own. */
async function installCertificate(data: string, { certificate, key }: Certificate): Promise<void> {
  const { uid, gid } = await stat(data);
  for (const [name, text] of [
    ['server.crt', certificate],
    ['server.key', key],
  ] as const) {
    const file = join(data, name);
    await writeFile(file, text, { mode: 0o600 });
    if (process.getuid?.() === 0) await chown(file, uid, gid);
  }
}

/** Returns once new connections have the new configuration. */
async function reload(url: string): Promise<void> {
  const loadedAt = async () => {
    const [row] = await run(url, 'SELECT pg_conf_load_time()::text AS at');
    return row;
  };
  const before = await loadedAt();
  await run(url, 'SELECT pg_reload_conf()');
  await vi.waitFor(async () => expect(await loadedAt()).not.toEqual(before), { timeout: 10_000 });
}
