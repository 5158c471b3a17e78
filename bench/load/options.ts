import { Command, InvalidArgumentError } from 'commander';

export interface LoadOptions {
  /** How long imports are watched. */
  minutes: number;
  workspaces: number;
  /** Of each workspace. */
  syncs: number;
  /** Imports that are triggered at once at the end. */
  burst: number;
  json: boolean;
}

/** Reads the command line; says what is wrong with it, or shows the help, and ends the process. */
export function readOptions(): LoadOptions {
  return new Command('npm run load --')
    .description(
      'Many syncs of many workspaces on one worker: a PostgreSQL, a Temporal dev server and "inlet worker" of its own, for some minutes.',
    )
    .option('--minutes <number>', 'how long imports are watched', positive, 10)
    .option('--workspaces <number>', 'how many files the worker serves', whole, 50)
    .option('--syncs <number>', 'how many syncs each of them has', whole, 4)
    .option('--burst <number>', 'imports that are triggered at once at the end', whole, 50)
    .option('--json', 'print what was measured as one JSON document', false)
    .parse()
    .opts<LoadOptions>();
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < 10_000)) throw new InvalidArgumentError('It is a number above 0.');
  return number;
}

function whole(text: string): number {
  const number = positive(text);
  if (!Number.isInteger(number)) throw new InvalidArgumentError('It is a whole number.');
  return number;
}
