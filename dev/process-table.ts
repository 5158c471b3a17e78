import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { endProcess, isAlive, type Ending, type ProcessIdentity } from './process-identity.js';

/** The parts that `inlet dev` runs, in the order in which they start; they end in the opposite one. */
export const parts = ['PostgreSQL', 'Temporal', "Redshift's stand-in", 'worker'] as const;

export type Part = (typeof parts)[number];

export const ending: Record<Part, Ending> = {
  // Fast shutdown: https://www.postgresql.org/docs/18/server-shutdown.html
  PostgreSQL: { signal: 'SIGINT', graceMs: 20_000 },
  Temporal: { signal: 'SIGTERM', graceMs: 10_000 },
  "Redshift's stand-in": { signal: 'SIGTERM', graceMs: 5_000 },
  // It drains: activities that run may take ten seconds to finish.
  worker: { signal: 'SIGTERM', graceMs: 20_000 },
};

export const identity = z.object({ pid: z.number(), startedAt: z.string() });
const content = z.partialRecord(z.enum(parts), identity);

/** The list of running parts, on disk before anything else happens, for whoever comes after a `kill -9`. */
export class ProcessTable {
  readonly #file: string;
  #running: Partial<Record<Part, ProcessIdentity>>;

  constructor(file: string) {
    this.#file = file;
    this.#running = read(file);
  }

  add(part: Part, started: ProcessIdentity): void {
    this.#running = { ...this.#running, [part]: started };
    this.#write();
  }

  remove(part: Part): void {
    this.#running = { ...this.#running, [part]: undefined };
    this.#write();
  }

  /**
   * Ends what the table names and still runs: last started, first ended.
   *
   * @returns the parts that were still there
   */
  async endAll(): Promise<Part[]> {
    const ended: Part[] = [];
    for (const part of parts.toReversed()) {
      const target = this.#running[part];
      if (target === undefined) continue;
      if ((await endProcess(target, ending[part])) !== 'gone') ended.push(part);
      this.remove(part);
    }
    return ended;
  }

  /** Ends them by force, at once; a later start finds everything that was committed. */
  killAll(): void {
    for (const target of Object.values(this.#running)) {
      if (isAlive(target)) process.kill(target.pid, 'SIGKILL');
    }
  }

  /** At once and whole, without giving anybody else a turn: a process must not run that is not in the table. */
  #write(): void {
    const aside = `${this.#file}.new`;
    writeFileSync(aside, JSON.stringify(this.#running));
    renameSync(aside, this.#file);
  }
}

function read(file: string): Partial<Record<Part, ProcessIdentity>> {
  try {
    return content.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Not there, or not ours.
    return {};
  }
}
