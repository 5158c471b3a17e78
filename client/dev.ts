import type { Command } from 'commander';
import type { Tools } from '../dev/tools.js';
import { examples, type Run } from './argument.js';
import { importLine, outcomeText } from './import-report.js';
import type { Output } from './output.js';
import { createProgress } from './progress.js';
import { syncOfFile } from './known-sync.js';

interface Options {
  reset?: boolean;
  once?: boolean;
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
    .action(({ reset, once }: Options) =>
      run(async ({ environment, out }) => {
        const { runDev } = await import('../dev/run-dev.js');
        const colour = environment.get('NO_COLOR') === undefined;
        return runDev({ reset: reset === true, once: once === true, environment, colour }, toolsFor(out));
      }),
    );
  examples(command, 'inlet dev', 'inlet dev --reset --once');
}

/** What the tour shows looks as it does in other commands. */
function toolsFor(out: Output): Tools {
  return {
    apply: async (environment, file, sync) => {
      const [{ connectTemporal }, { SyncHandle }] = await Promise.all([
        import('./temporal.js'),
        import('./sync-workflow.js'),
      ]);
      const definition = syncOfFile(file, sync);
      const temporal = await connectTemporal(environment);
      try {
        const handle = new SyncHandle(temporal, definition.workspace, sync);
        await handle.define({ definition, settings: file.settings });
      } finally {
        await temporal.close();
      }
    },
    createProgress: () => createProgress(out),
    outcomeText: (record, failures) => outcomeText(out, record, failures),
    importLine: (record) => importLine(out, record),
  };
}
