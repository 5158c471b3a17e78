import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { statOf } from '../../dev/process-identity.js';

/*
 * What Linux knows of a process (proc(5)). A process that is gone has no figures: 0.
 */

/** Of the kernel's clock, in which it counts processor time; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Processor seconds of a process, of its children that ended, and of those that live. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid) ?? [];
  const own = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field] ?? 0), 0);
  return own / TICKS_PER_SECOND + childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), 0);
}

/** Memory that a process holds (RSS), in MB; without its children's. */
export function memoryMb(pid: number): number {
  return (Number(statOf(pid)?.[21] ?? 0) * PAGE_BYTES) / 1e6;
}

/** The most memory (RSS) that a process held since it began, or since `forgetPeakMemory`, in MB. */
export function peakMemoryMb(pid: number): number {
  const [, kb = 0] = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return (Number(kb) * 1024) / 1e6;
}

/** The peak starts anew. */
export const forgetPeakMemory = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

/** TCP connections of a process to a port of this machine. */
export function connectionsTo(pid: number, port: number): number {
  const inodes = new Set(socketsOf(pid));
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read('/proc/net/tcp')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, state, , , , , , inode]) => {
      const isEstablished = state === '01';
      return isEstablished && remote?.endsWith(wanted) === true && inodes.has(inode ?? '');
    }).length;
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It was closed since.
    return '';
  }
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
