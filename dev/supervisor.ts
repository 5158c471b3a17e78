import { setTimeout as sleep } from 'node:timers/promises';
import { parts, type Part, type ProcessTable } from './process-table.js';
import type { ServerProcess } from './server-process.js';

/** Starts one part; `onSpawn` is to be called as soon as there is a process. */
export type Start<Server extends ServerProcess> = (
  onSpawn: (server: ServerProcess) => void,
) => Promise<Server>;

/** A part that fails so often in a row, without having run for a minute in between, is given up. */
const ATTEMPTS = 5;
const STEADY_MS = 60_000;

/** Keeps the parts running until it is told to stop them. */
export class Supervisor {
  readonly #table: ProcessTable;
  readonly #say: (text: string) => void;
  readonly #pauseMs: number;
  readonly #running = new Map<Part, ServerProcess>();
  readonly #starting = new Set<Promise<ServerProcess>>();
  #stopping = false;
  #giveUp: (error: Error) => void = () => undefined;
  /** Rejects when a part can't be kept running; never resolves. */
  readonly failed: Promise<never>;

  /**
   * @param say told what happens to the parts, a sentence each
   * @param pauseMs by how much longer to wait before each further attempt
   */
  constructor(table: ProcessTable, say: (text: string) => void, pauseMs = 1_000) {
    this.#table = table;
    this.#say = say;
    this.#pauseMs = pauseMs;
    this.failed = new Promise((_, reject) => (this.#giveUp = reject));
    this.failed.catch(() => undefined);
  }

  /**
   * Starts a part, and from then on starts it again whenever it ends by itself.
   *
   * @param startAgain how to start it then: in the same place, so that whoever uses it finds it again
   */
  async run<Server extends ServerProcess>(
    part: Part,
    start: Start<Server>,
    startAgain: (first: Server) => Start<Server>,
  ): Promise<Server> {
    const first = await this.#start(part, start);
    void this.#keep(part, first, startAgain(first));
    return first;
  }

  /** Ends what runs, last started first, and what is being started at this moment. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const part of parts.toReversed()) await this.#running.get(part)?.stop();
    await Promise.allSettled(this.#starting);
    for (const part of parts) this.#table.remove(part);
  }

  async #start<Server extends ServerProcess>(part: Part, start: Start<Server>): Promise<Server> {
    if (this.#stopping) throw new Error(`${part} is not started, for everything is being stopped.`);
    const starting = start((server) => {
      this.#table.add(part, server.identity);
      this.#running.set(part, server);
      if (this.#stopping) void server.stop();
    });
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }

  async #keep(part: Part, first: ServerProcess, startAgain: Start<ServerProcess>): Promise<void> {
    const name = part === 'worker' ? 'The worker' : part;
    let server: ServerProcess | null = first;
    let failures = 0;
    let startedAt = Date.now();
    let why = '';
    while (failures < ATTEMPTS) {
      if (server !== null) {
        why = await server.ended;
        if (Date.now() - startedAt > STEADY_MS) failures = 0;
        if (!this.#stopping) this.#say(`${name} ended unexpectedly (${why}); starting it again.`);
      }
      // The first time at once; later, what it left behind may need a moment to go.
      await sleep(failures * this.#pauseMs);
      failures += 1;
      if (this.#stopping) return;
      startedAt = Date.now();
      server = await this.#start(part, startAgain).catch((error: unknown) => {
        why = error instanceof Error ? error.message : String(error);
        return null;
      });
      if (server !== null) this.#say(`${name} runs again.`);
    }
    if (!this.#stopping) this.#giveUp(new Error(`${name} does not keep running: ${why}`));
  }
}
