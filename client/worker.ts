import type { Command } from 'commander';
import { parseListenAddress, type ListenAddress } from '../config/listen-address.js';
import { logLevel } from '../config/log-level.js';
import { loadWorkspaceFile } from '../config/workspace-file.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { saidBy } from './said-by.js';
import type { Environment } from '../config/environment.js';
import type { Session } from './session.js';

interface Options {
  listen?: string;
}

export function addWorker(program: Command, run: Run): void {
  const command = program
    .command('worker')
    .description(
      'Run a worker, which does the work of the workspaces of one or more files until it is stopped.',
    )
    .option(
      '--listen <host:port>',
      'serve /healthz, /readyz and /metrics there (default: INLET_LISTEN, else nowhere)',
    )
    .action(({ listen }: Options) => run((session) => worker(session, listen)));
  examples(
    command,
    'inlet worker',
    'inlet worker --listen 127.0.0.1:9464',
    'inlet worker --config acme/inlet.yaml --config globex/inlet.yaml',
  );
}

async function worker({ configPaths, environment, out }: Session, asked?: string): Promise<ExitCode> {
  const listen = addressOf(environment, asked);
  const level = logLevel(environment);
  // What is wrong with the files is said before Temporal's native worker is loaded, which takes a while.
  const files = await Promise.all(configPaths.map((path) => loadWorkspaceFile(path, environment)));
  const stores = new Set(files.map((file) => file.storeUrl()));
  const [storeUrl] = stores;
  const { runWorker } = await import('../worker/run-worker.js');
  const onReady = ({ workspaces, address }: { workspaces: string[]; address: string }) =>
    out.say(`The worker serves ${workspaces.join(', ')}, with Temporal at ${address}. Ctrl-C stops it.`);
  await saidBy(
    () => runWorker({ configPaths, environment, onReady, logLevel: level, ...(listen && { listen }) }),
    stores.size === 1 ? storeUrl : undefined,
  );
  return exitCodes.fine;
}

function addressOf(environment: Environment, asked?: string): ListenAddress | undefined {
  if (asked !== undefined) return parseListenAddress(asked, '--listen');
  const set = environment.get('INLET_LISTEN');
  return set === undefined ? undefined : parseListenAddress(set, 'INLET_LISTEN');
}
