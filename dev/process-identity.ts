import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A process that can be found again by another program, later: a pid alone may have been given to somebody else since,
 * so the kernel's start time of the process belongs to it (proc(5), field 22 of `stat`, and the boot it counts from).
 */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/** @returns the process that has this pid now, or null if there is none, or only a corpse that nobody has buried */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const fields = statOf(pid);
  if (fields === null) return null;
  const [state] = fields;
  const startTicks = fields[19];
  if (state === 'Z' || state === 'X' || startTicks === undefined) return null;
  const boot = readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown boot';
  return { pid, startedAt: `${boot} ${startTicks}` };
}

/**
 * The fields of proc(5)'s `stat` from the third on: the state is the first of them. The second one is the program's name in
 * parentheses, and may itself hold spaces and parentheses.
 * @returns null if there is no such process
 */
export function statOf(pid: number): string[] | null {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

export function isAlive(process: ProcessIdentity): boolean {
  return identifyProcess(process.pid)?.startedAt === process.startedAt;
}

/** How a process is asked to end in an orderly way, and how long that may take, in milliseconds. */
export interface Ending {
  signal: NodeJS.Signals;
  graceMs: number;
}

/**
 * Signals a process that may be anybody's child, waits until it is gone, and kills it if that takes too long.
 *
 * @returns how it ended: by itself or killed; `gone` if it was not there
 */
export async function endProcess(
  target: ProcessIdentity,
  { signal, graceMs }: Ending,
): Promise<'gone' | 'ended' | 'killed'> {
  if (!isAlive(target)) return 'gone';
  send(target, signal);
  if (await isGoneWithin(target, graceMs)) return 'ended';
  send(target, 'SIGKILL');
  if (!(await isGoneWithin(target, 10_000))) {
    throw new Error(`Process ${target.pid} is still there ten seconds after SIGKILL.`);
  }
  return 'killed';
}

async function isGoneWithin(target: ProcessIdentity, ms: number): Promise<boolean> {
  const until = Date.now() + ms;
  while (isAlive(target)) {
    if (Date.now() >= until) return false;
    await sleep(25);
  }
  return true;
}

function send(target: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if (isAlive(target)) throw error;
  }
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
