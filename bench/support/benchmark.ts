import { loadavg } from 'node:os';
import { Interrupted, listenForInterruption } from '../../dev/interruption.js';
import { Started } from './servers.js';

/** What a benchmark runs with. */
export interface Benchmark {
  started: Started;
  /** Aborted when somebody wants it to end. */
  signal: AbortSignal;
  /** Says a line to whoever waits, with the seconds since the beginning. */
  say: (line: string) => void;
}

/** Runs a benchmark as a command: stops what it has started, whatever comes, and exits with 1 where it broke off. */
export async function runBenchmark(work: (benchmark: Benchmark) => Promise<void>): Promise<void> {
  const started = await Started.inNewDirectory();
  const interruption = listenForInterruption(() => started.killAll());
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
  try {
    const { signal } = interruption;
    const interrupted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
    });
    await Promise.race([work({ started, signal, say }), interrupted]);
  } catch (error) {
    say(error instanceof Interrupted ? 'Interrupted; stopping.' : `It broke off: ${String(error)}`);
    process.exitCode = 1;
  } finally {
    await started.stop();
    interruption.dispose();
  }
}

/** The machine's load, of one, five and fifteen minutes. */
export const load = (): string =>
  loadavg()
    .map((one) => one.toFixed(1))
    .join(' ');
