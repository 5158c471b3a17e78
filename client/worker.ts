import type { Command } from 'commander';
import { loadWorkspaceFile } from '../config/workspace-file.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { saidBy } from './said-by.js';
import type { Session } from './session.js';

export function addWorker(program: Command, run: Run): void {
  const command = program
    .command('worker')
    .description(
      'Run a worker, which does the work of the workspaces of one or more files until it is stopped.',
    )
    .action(() => run(worker));
  examples(command, 'inlet worker', 'inlet worker --config acme/inlet.yaml --config globex/inlet.yaml');
}

async function worker({ configPaths, environment, out }: Session): Promise<ExitCode> {
  // What is wrong with the files is said before Temporal's native worker is loaded, which takes a while.
  const files = await Promise.all(configPaths.map((path) => loadWorkspaceFile(path, environment)));
  const stores = new Set(files.map((file) => file.storeUrl()));
  const [storeUrl] = stores;
  const { runWorker } = await import('../worker/run-worker.js');
  const onReady = ({ workspaces, address }: { workspaces: string[]; address: string }) =>
    out.say(`The worker serves ${workspaces.join(', ')}, with Temporal at ${address}. Ctrl-C stops it.`);
  await saidBy(
    () => runWorker({ configPaths, environment, onReady }),
    stores.size === 1 ? storeUrl : undefined,
  );
  return exitCodes.fine;
}
