import { access, constants, readdir, rm, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { buildTemporalCli } from './temporal-cli-build.js';
import { whyUnusable } from './temporal-cli-check.js';
import { downloadTemporalCli } from './temporal-cli-download.js';

export interface CliSearch {
  /** `INLET_TEMPORAL_CLI`: whoever sets it wants this one and no other. */
  configured: string | undefined;
  /** The variable PATH. */
  searchPath: string | undefined;
  /** Where a CLI of our own is kept. */
  directory: string;
  /** Called with what is being done now, again and again while it takes time. */
  onProgress?: (doing: string) => void;
  signal?: AbortSignal;
  /** The ways to get one where there is none, in order; tests give others. */
  sources?: CliSource[];
}

export interface CliSource {
  /** As people call it: `download from temporal.download`. */
  name: string;
  /** Puts a CLI that works into the directory and gives its path; throws an Error that says why it could not. */
  get(directory: string, onProgress: (doing: string) => void, signal?: AbortSignal): Promise<string>;
}

const AN_HOUR_MS = 3_600_000;

const SOURCES: CliSource[] = [
  { name: 'the official download', get: downloadTemporalCli },
  { name: 'building it with go', get: buildTemporalCli },
];

/**
 * Finds the Temporal CLI, whose dev server we use: `INLET_TEMPORAL_CLI`, `temporal` on PATH, one that we got earlier,
 * the download that @temporalio/testing does, and a build with go where that host can't be reached.
 *
 * @returns the path of a CLI that was seen to work
 * @throws Error that says what was tried and what to do
 */
export async function findTemporalCli(search: CliSearch): Promise<string> {
  if (search.configured) {
    const problem = await whyUnusable(search.configured);
    if (problem === null) return search.configured;
    throw new Error(
      `INLET_TEMPORAL_CLI names ${search.configured}, which is no Temporal CLI that works: ${problem}`,
    );
  }

  const own = join(search.directory, 'temporal');
  const onPath = (search.searchPath ?? '')
    .split(delimiter)
    .filter((directory) => isAbsolute(directory))
    .map((directory) => join(directory, 'temporal'));
  const tried: string[] = [];
  for (const candidate of [...onPath, own]) {
    if (!(await isExecutable(candidate))) continue;
    const problem = await whyUnusable(candidate);
    if (problem === null) return candidate;
    tried.push(`- ${candidate}: ${problem}`);
  }

  await removeUnfinished(search.directory);
  for (const source of search.sources ?? SOURCES) {
    try {
      return await source.get(search.directory, search.onProgress ?? (() => undefined), search.signal);
    } catch (error) {
      search.signal?.throwIfAborted();
      tried.push(`- ${source.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    [
      `There is no Temporal CLI that can be used on PATH nor in ${search.directory}, and none could be had:`,
      ...tried,
      'Install it (https://docs.temporal.io/cli#install) so that "temporal" is on PATH, or set INLET_TEMPORAL_CLI to',
      'where it is, or install go 1.25 or newer (https://go.dev/dl) and start again.',
    ].join('\n'),
  );
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** What a download or a build that was killed has left; those that others are at now are younger. */
async function removeUnfinished(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((each) => /^(building|downloading)-/.test(each))) {
    const path = join(directory, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > AN_HOUR_MS) await rm(path, { recursive: true, force: true });
  }
}
