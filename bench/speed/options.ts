import { Command, InvalidArgumentError } from 'commander';
import { subjects, type SubjectName } from './subjects.js';

export interface SpeedOptions {
  /** How many people there are, in each group of steps; the other subjects have as many as the largest group. */
  rows: number[];
  /** How often the steps of a group are gone through; the figures are medians. */
  rounds: number;
  only: SubjectName[];
  /** Where the tables go as Markdown, and the picture. */
  markdown?: string;
  png: string;
  json: boolean;
}

/** Reads the command line; says what is wrong with it, or shows the help, and ends the process. */
export function readOptions(): SpeedOptions {
  return new Command('npm run bench --')
    .description(
      'How fast imports are, through the whole product, beside the floor: COPY into a table and one INSERT … ON CONFLICT.',
    )
    .option(
      '--rows <numbers>',
      'sizes, with commas between',
      sizes,
      [100_000, 250_000, 500_000, 750_000, 1e6],
    )
    .option('--rounds <number>', 'how often each step is measured, for a median', whole, 3)
    .option('--only <names>', `of ${subjects.join(', ')}, with commas between`, names, [...subjects])
    .option('--png <file>', 'where the picture goes', 'bench.png')
    .option('--markdown <file>', 'where the tables go, for a page')
    .option('--json', 'print what was measured as one JSON document', false)
    .parse()
    .opts<SpeedOptions>();
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('Give a whole number above 0.');
}

const sizes = (text: string): number[] =>
  text
    .split(',')
    .map(whole)
    .sort((one, other) => one - other);

function names(text: string): SubjectName[] {
  return text.split(',').map((name) => {
    const known = subjects.find((one) => one === name);
    if (known === undefined) throw new InvalidArgumentError(`Of ${subjects.join(', ')}.`);
    return known;
  });
}
