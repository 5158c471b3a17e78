import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A program with its arguments, and whose rights it gets. */
export interface Command {
  file: string;
  args: string[];
  uid?: number;
  gid?: number;
}

/** An account that PostgreSQL agrees to run under, and how to run something under it. */
export interface Account {
  /** Null: the account that we run under ourselves; nothing needs to be handed over. */
  owner: { uid: number; gid: number } | null;
  command(file: string, args: string[]): Command;
}

const run = promisify(execFile);

/**
 * PostgreSQL refuses to run as root (https://www.postgresql.org/docs/18/postgres-user.html), so root hands it to an
 * account without rights. Such an account can't enter a directory like /root (mode 0700): there PostgreSQL keeps the one
 * capability by which root can (capabilities(7)), and nothing else of root's.
 *
 * @param postgres the server's binary
 * @param directory that the account must be able to enter; it exists
 * @throws Error that says what to do where no way works
 */
export async function unprivilegedAccount(postgres: string, directory: string): Promise<Account> {
  if (process.getuid?.() !== 0) return { owner: null, command: (file, args) => ({ file, args }) };

  const { name, uid, gid } = await chooseAccount(directory);
  const ways: Account['command'][] = [
    (file, args) => ({ file, args, uid, gid }),
    ...['dac_read_search', 'dac_override'].map((capability) => (file: string, args: string[]) => ({
      file: 'setpriv',
      args: [
        ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
        ...[`--inh-caps=-all,+${capability}`, `--ambient-caps=+${capability}`],
        // Without it access(2), by which PostgreSQL looks for its own files, goes by the user alone.
        '--securebits=+no_setuid_fixup',
        ...[file, ...args],
      ],
    })),
  ];
  for (const command of ways) {
    if (await canRunIn(command, postgres, directory)) return { owner: { uid, gid }, command };
  }
  throw new Error(
    `PostgreSQL doesn't run as root, and the user ${name}, whom root would run it as, can't enter ${directory}. ` +
      'Start as an ordinary user, or move this directory to where everybody may enter (such as /srv), or install ' +
      'setpriv (package util-linux).',
  );
}

async function canRunIn(command: Account['command'], postgres: string, directory: string): Promise<boolean> {
  try {
    const version = command(postgres, ['--version']);
    const { stderr } = await run(version.file, version.args, { ...rights(version), cwd: '/' });
    // It warns, and goes on, if it may not look at its own file; later it would not.
    if (stderr.includes('invalid binary')) return false;
    const enter = command('/bin/sh', ['-c', 'cd "$0"', directory]);
    await run(enter.file, enter.args, { ...rights(enter), cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

function rights({ uid, gid }: Command): { uid?: number; gid?: number } {
  return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
}

/** Whoever has the directory already, so that a later start gets on with an earlier one's; else `postgres` or `nobody`. */
async function chooseAccount(directory: string): Promise<PasswdEntry> {
  const entries = (await readFile('/etc/passwd', 'utf8')).split('\n').flatMap((line): PasswdEntry[] => {
    const [name = '', , uid = '', gid = ''] = line.split(':');
    return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
  const { uid: owner } = await stat(directory);
  const chosen =
    entries.find(({ uid }) => uid !== 0 && uid === owner) ??
    entries.find(({ name }) => name === 'postgres') ??
    entries.find(({ name }) => name === 'nobody');
  if (!chosen) {
    throw new Error(
      "PostgreSQL doesn't run as root, and /etc/passwd has neither a user postgres nor a user nobody to run it as. " +
        'Start as an ordinary user, or add one: "useradd --system postgres".',
    );
  }
  return chosen;
}
