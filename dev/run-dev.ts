import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import type { Environment } from '../config/environment.js';
import { isOurEnvironment } from './credentials.js';
import { Interrupted, listenForInterruption } from './interruption.js';
import { claim } from './only-one.js';
import { ProcessTable } from './process-table.js';
import { Screen } from './screen.js';
import { startEverything } from './start-everything.js';
import { startCommand, stateDirectory, stateUnder, type State } from './state.js';
import { Supervisor } from './supervisor.js';
import type { Tools } from './tools.js';
import { guide } from './tour.js';

export interface DevOptions {
  /** Begin anew: what earlier runs left is removed first. */
  reset: boolean;
  /** End after the first imports. */
  once: boolean;
  /** One more sync, from a stand-in for the Redshift Data API. */
  withRedshift: boolean;
  environment: Environment;
  /** Whether the terminal may be coloured. */
  colour: boolean;
}

/**
 * Runs everything that Inlet needs on this machine, with a sample source, until Ctrl-C. Its state is under `.inlet/`;
 * to start again goes on where it was.
 *
 * @returns the process's exit code: 0 fine, 1 something failed or the sample's imports are not what they should be,
 *   2 it runs already
 */
export async function runDev(options: DevOptions, tools: Tools): Promise<0 | 1 | 2> {
  const screen = new Screen(process.stdout, options.colour);
  const state = stateUnder(stateDirectory());
  await prepareDirectory(state);
  const claimed = await claim(state.directory);
  if (!claimed.claimed) {
    const holder = claimed.holder === null ? '' : ` (process ${claimed.holder})`;
    screen.line(`Inlet runs here already${holder}. Stop that one with Ctrl-C before you start another.`);
    return 2;
  }

  const table = new ProcessTable(state.processes);
  const supervisor = new Supervisor(table, (text) => screen.warn(text));
  const interruption = listenForInterruption(() => table.killAll());
  try {
    const work = async () => {
      await clearUp(table, state, screen, options.reset);
      const { signal } = interruption;
      const withRedshift = options.withRedshift || (await exists(state.withRedshift));
      const running = await startEverything({ ...options, withRedshift, state, supervisor, screen, signal });
      if (withRedshift) await writeFile(state.withRedshift, '');
      return guide({ ...options, ...running, screen, tools, signal });
    };
    return await Promise.race([work(), supervisor.failed, interrupted(interruption.signal)]);
  } catch (error) {
    // Ctrl-C is how it is meant to end, unless it was to end by itself.
    if (error instanceof Interrupted) return options.once ? 1 : 0;
    throw error;
  } finally {
    screen.last('stop', 'stopping the worker, Temporal and PostgreSQL');
    await supervisor.stop();
    screen.done('stop', `Everything is stopped. "${startCommand}" goes on where it was.`);
    interruption.dispose();
    await claimed.release();
  }
}

async function prepareDirectory({ directory, env, logs }: State): Promise<void> {
  if (process.platform !== 'linux') {
    throw new Error(
      '"inlet dev" runs on Linux only. Elsewhere, use a container, or servers of your own: see README.md.',
    );
  }
  if (!(await isOurEnvironment(env))) {
    throw new Error(
      `${env} holds variables of your own, and "inlet dev" writes a file of that name. Start it in another directory.`,
    );
  }
  try {
    await mkdir(logs, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new Error(
      `${directory} can't be written to: it belongs to another user, perhaps since that one was the first to start. ` +
        'Start as that user, or remove the directory; with it goes what earlier starts have left.',
      { cause },
    );
  }
}

async function clearUp(table: ProcessTable, state: State, screen: Screen, reset: boolean): Promise<void> {
  const ended = await table.endAll();
  if (ended.length > 0) screen.warn(`An earlier start was cut off; ended its ${inWords(ended)}.`);
  // A reset that was cut off is finished first: half a state would be worse than the old or none.
  const cutOff = await exists(state.resetting);
  if (!reset && !cutOff) return;
  await writeFile(state.resetting, '');
  for (const path of state.forgottenByReset) await rm(path, { recursive: true, force: true });
  await rm(state.resetting);
  screen.done('reset', `Begun anew: what was in ${state.directory} is gone.`);
}

const inWords = (parts: string[]) => new Intl.ListFormat('en').format(parts);

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
