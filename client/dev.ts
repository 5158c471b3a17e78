import type { Command } from 'commander';
import type { Environment } from '../config/environment.js';
import type { Tools } from '../dev/tools.js';
import { importId } from '../workflows/messages.js';
import { examples, type Run } from './argument.js';
import type { ExitCode } from './exit.js';
import { importLine, outcomeText } from './import-report.js';
import { syncOfFile } from './known-sync.js';
import type { Output } from './output.js';
import { createProgress } from './progress.js';
import { saidBy } from './said-by.js';
import type { Session } from './session.js';
import type { Temporal } from './temporal.js';

interface Options {
  reset?: boolean;
  once?: boolean;
  withRedshift?: boolean;
}

export function addDev(program: Command, run: Run): void {
  const command = program
    .command('dev')
    .description(
      'Try Inlet: PostgreSQL, Temporal, a worker and a sample CRM, all here, with a tour of two imports.',
    )
    .option('--reset', 'begin anew: forget all that earlier runs left under .inlet/')
    .option(
      '--once',
      'end after the first imports; the exit code is 0 only if they are as the sample must give',
    )
    .option(
      '--with-redshift',
      "add a sync that reads from a stand-in for Amazon Redshift's Data API, here as well",
    )
    .action(({ reset = false, once = false, withRedshift = false }: Options) =>
      run((session) => dev(session, { reset, once, withRedshift }), { writesEnvironment: true }),
    );
  examples(command, 'inlet dev', 'inlet dev --reset --once');
}

async function dev({ environment, out }: Session, options: Required<Options>): Promise<ExitCode> {
  const { runDev } = await import('../dev/run-dev.js');
  const colour = environment.get('NO_COLOR') === undefined;
  return saidBy(() => runDev({ ...options, environment, colour }, toolsFor(out)));
}

/** The worker is there, for we have started it, but it has only just begun; each attempt waits for some seconds. */
const ATTEMPTS = 10;

/** What the tour shows looks as it does in other commands. */
function toolsFor(out: Output): Tools {
  return {
    apply: async (environment, file, sync) => {
      const { NoWorkerAnswered, SyncHandle } = await import('./sync-workflow.js');
      const definition = syncOfFile(file, sync);
      const { settings } = file;
      await withTemporal(environment, async (temporal) => {
        const handle = new SyncHandle(temporal, definition.workspace, sync);
        for (let attempt = 1; ; attempt += 1)
          try {
            return await handle.define({ definition, settings });
          } catch (error) {
            if (!(error instanceof NoWorkerAnswered) || attempt === ATTEMPTS) throw error;
          }
      });
    },
    closed: (environment, { workspace, sync, number }) =>
      withTemporal(environment, async ({ client }) => {
        await client.workflow.getHandle(importId(workspace, sync, number)).result();
      }),
    createProgress: () => createProgress(out),
    outcomeText: (record, failures) => outcomeText(out, record, failures),
    importLine: (record) => importLine(out, record),
  };
}

async function withTemporal<T>(
  environment: Environment,
  work: (temporal: Temporal) => Promise<T>,
): Promise<T> {
  const { connectTemporal } = await import('./temporal.js');
  const temporal = await connectTemporal(environment);
  try {
    return await work(temporal);
  } finally {
    await temporal.close();
  }
}
