import { Command, Option } from 'commander';
import { readEnvironment, type Environment } from '../config/environment.js';
import { version } from '../config/version.js';
import { whereThrown } from '../config/where-thrown.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { debugText, explainError } from './explain-error.js';
import { Output } from './output.js';
import { Session } from './session.js';
import { visibleLines } from './visible-text.js';

type AddCommand = (program: Command, run: Run) => void;

/**
 * In the order in which a newcomer needs them, as the help shows them. Only the one that is asked for is loaded: most
 * of a short command's time would go into what it does not use.
 */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  dev: async () => (await import('./dev.js')).addDev,
  init: async () => (await import('./init.js')).addInit,
  worker: async () => (await import('./worker.js')).addWorker,
  check: async () => (await import('./check.js')).addCheck,
  preview: async () => (await import('./preview.js')).addPreview,
  review: async () => (await import('./review.js')).addReview,
  apply: async () => (await import('./apply.js')).addApply,
  list: async () => (await import('./list.js')).addList,
  status: async () => (await import('./status.js')).addStatus,
  watch: async () => (await import('./watch.js')).addWatch,
  imports: async () => (await import('./imports.js')).addImports,
  import: async () => (await import('./import.js')).addImport,
  failures: async () => (await import('./failures.js')).addFailures,
  alerts: async () => (await import('./alerts.js')).addAlerts,
  pause: async () => (await import('./pause.js')).addPause,
  resume: async () => (await import('./resume.js')).addResume,
  trigger: async () => (await import('./trigger.js')).addTrigger,
  cancel: async () => (await import('./cancel.js')).addCancel,
  accept: async () => (await import('./accept.js')).addAccept,
  delete: async () => (await import('./delete.js')).addDelete,
  show: async () => (await import('./show.js')).addShow,
  segments: async () => (await import('./segments.js')).addSegments,
  set: async () => (await import('./set.js')).addSet,
  'codec-server': async () => (await import('./codec-server.js')).addCodecServer,
  completion: async () => (await import('./completion.js')).addCompletion,
};

interface GlobalOptions {
  config?: string[];
  json?: boolean;
}

/**
 * Runs one command line and ends the process's part of it: exit code set, connections closed, errors as sentences.
 *
 * @param words what follows the program's name
 */
export async function main(words: readonly string[]): Promise<void> {
  endQuietlyWithoutReader();
  sayWhatNobodyCaught(commandIn(words) === 'worker');
  let environment: Environment | undefined;
  let exitCode: ExitCode = exitCodes.fine;
  const run: Run = async (work, options) => {
    environment = readEnvironment();
    const { json = false, config = [] } = program.opts<GlobalOptions>();
    const colour = environment.get('NO_COLOR') === undefined;
    const out = new Output(process.stdout, process.stderr, { json, colour });
    if (environment.source !== null && options?.writesEnvironment !== true)
      out.say(`Taken from ${environment.path ?? environment.source}: what the environment does not set.`);
    const session = new Session(environment, out, { config });
    try {
      exitCode = await work(session);
    } finally {
      await session.close();
    }
  };
  const program = await createProgram(words, run);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    exitCode = await tell(error, environment?.get('INLET_DEBUG') === '1');
  }
  process.exitCode = exitCode;
  // Everything is said and closed. What a library still holds open must not keep the process.
  setTimeout(() => process.exit(), 2_000).unref();
}

/** The program with the command that the words ask for, or with all; mistakes are thrown as CommanderError. */
export async function createProgram(words: readonly string[], run: Run): Promise<Command> {
  const program = new Command('inlet')
    .description(
      'Brings people, objects and relationships up to date from SQL queries, on an interval, durably.',
    )
    .version(version(), '--version', 'show the version')
    .addOption(
      new Option(
        '--config <file>',
        'the workspace\'s file; "worker" and "check" take several (default: INLET_CONFIG, else inlet.yaml)',
      ).argParser<string[] | undefined>((file, files = []) => [...files, file]),
    )
    .option('--json', 'data as JSON, numbers exact')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(visibleLines(text)) })
    .showHelpAfterError('(--help shows how it is used)')
    .exitOverride();
  for (const load of commandsFor(words)) (await load())(program, run);
  examples(program, 'inlet dev', 'inlet preview customers', 'inlet apply && inlet status customers');
  return program;
}

function commandsFor(words: readonly string[]) {
  if (words.includes('--version')) return [];
  const asked = commands[commandIn(words)];
  return asked === undefined ? Object.values(commands) : [asked];
}

/** The first word that is neither an option nor the file of `--config`. */
function commandIn(words: readonly string[]): string {
  const isCommand = (word: string, index: number) => !word.startsWith('-') && words[index - 1] !== '--config';
  return words.find(isCommand) ?? '';
}

async function tell(error: unknown, debug: boolean): Promise<ExitCode> {
  const { message, exitCode } = await explainError(error);
  const err = new Output(process.stdout, process.stderr, { json: false, colour: false });
  if (message !== null) err.say(message);
  if (debug && message !== null) err.say(debugText(error));
  return exitCode;
}

/**
 * An exception in an event of a library ends the process: nobody knows what state that is in. Node would print the whole
 * error, with all that a database said, and that can quote a row.
 *
 * @param where whether to say where it was thrown: for a worker, whose log is all that is left to look at
 */
function sayWhatNobodyCaught(where: boolean): void {
  process.on('uncaughtException', (error) => {
    const [what = '', ...frames] = whereThrown(error).split('\n');
    const shown = where ? `\n${frames.join('\n')}` : '';
    process.stderr.write(`Something went wrong that should not: ${what}. Please report it.${shown}\n`);
    process.exit(exitCodes.failed);
  });
}

/** Where the reader of a pipe has gone (`| head`), there is nobody left to tell; of a full disk stderr is told. */
function endQuietlyWithoutReader(): void {
  process.stderr.on('error', () => process.exit(exitCodes.failed));
  process.stdout.on('error', (error: Error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit();
    process.stderr.write(`Can't write to stdout: ${error.message}.\n`);
    process.exit(exitCodes.failed);
  });
}
