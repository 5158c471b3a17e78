import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { identifyProcess, type ProcessIdentity } from '../dev/process-identity.js';
import { program } from '../dev/state.js';
import { openGate, type Gate } from './gate.js';
import { within } from './wait.js';

const shiftedClock = new URL('./shifted-clock.mjs', import.meta.url);

export interface WorkerPlace {
  /** Holds its inlet.yaml, and gets its log. */
  directory: string;
  sourceUrl: string;
  storeUrl: string;
  temporalAddress: string;
  taskQueue: string;
}

/** What commands and workers find in their environment: nothing of whoever runs this. */
export const environmentOf = (place: WorkerPlace): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: place.directory,
  INLET_STORE_URL: place.storeUrl,
  // A gate reads along, so nothing may be encrypted.
  CRM_DATABASE_URL: `${place.sourceUrl}?sslmode=disable`,
  TEMPORAL_ADDRESS: place.temporalAddress,
  INLET_TASK_QUEUE: place.taskQueue,
});

/** A real `inlet worker`, with gates of its own before its source and its store. */
export interface Worker {
  pid: number;
  /** Seconds. */
  clockOffBy: number;
  /** Before the store. */
  store: Gate;
  source: Gate;
  /** Resolves with the signal or exit code when the process has ended. */
  ended: Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Its log so far: one JSON line each, and what it said at its start. */
  log(): Promise<string>;
  /** Ends it as a deployment does, and closes its gates. */
  stop(): Promise<void>;
}

/**
 * Starts a worker and returns once it serves.
 * @param onSpawn is told of its process as soon as there is one
 * @param clockOffBy seconds that its clock is off by
 */
export async function startWorker(
  place: WorkerPlace,
  name: string,
  onSpawn: (started: ProcessIdentity) => void,
  clockOffBy = 0,
): Promise<Worker> {
  const [store, source] = await Promise.all([openGate(place.storeUrl), openGate(place.sourceUrl)]);
  const logFile = join(place.directory, `${name}.log`);
  const child = execa(process.execPath, [program, 'worker'], {
    cwd: place.directory,
    env: {
      ...environmentOf({ ...place, storeUrl: store.url, sourceUrl: source.url }),
      ...(clockOffBy !== 0 && {
        NODE_OPTIONS: `--import=${shiftedClock.href}`,
        CHAOS_CLOCK_OFF_BY_S: String(clockOffBy),
      }),
    },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    buffer: false,
    // Ctrl-C is for the program, which then ends its workers itself.
    detached: true,
  });
  const { pid } = child;
  const started = pid === undefined ? null : identifyProcess(pid);
  if (pid === undefined || started === null) throw new Error('The worker could not be started.');
  onSpawn(started);
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stderr.pipe(log, { end: false });
  child.stdout.pipe(log, { end: false });
  const ended = child.then(({ signal, exitCode }) => signal ?? `exit code ${exitCode ?? 'unknown'}`);
  const serves = new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('The worker serves')) resolve();
    });
    void ended.then((how) => reject(new Error(`The worker ended (${how}): ${said}`)));
  });
  serves.catch(() => undefined);
  await within(`The worker ${name}`, serves, 120_000);
  return {
    pid,
    clockOffBy,
    store,
    source,
    ended,
    signal: (signal) => void child.kill(signal),
    log: () => readFile(logFile, 'utf8'),
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await ended;
      clearTimeout(late);
      await Promise.all([store.close(), source.close()]);
    },
  };
}
