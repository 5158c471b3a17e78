import type { Command } from 'commander';
import { cancelImport } from '../workflows/messages.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { knownSync } from './known-sync.js';
import type { Session } from './session.js';
import { SyncHandle } from './sync-workflow.js';

export function addCancel(program: Command, run: Run): void {
  const command = program
    .command('cancel')
    .argument('<sync>', 'a sync with an import that runs or is queued')
    .description('Stop the running import between two chunks. The sync goes on with its next interval.')
    .action((name: string) => run((session) => cancel(session, name)));
  examples(command, 'inlet cancel customers');
}

async function cancel(session: Session, name: string): Promise<ExitCode> {
  const { out } = session;
  const { workspace, sync } = await knownSync(session, name);
  const number = await new SyncHandle(await session.temporal(), workspace, sync).update(cancelImport);
  if (out.json) out.document({ sync, canceled: number });
  else if (number !== null)
    out.line(`Import ${number} of "${sync}" is being canceled. If it runs, it stops between two chunks.`);
  if (number === null) out.say(`No import of "${sync}" runs or is queued.`);
  return number === null ? exitCodes.failed : exitCodes.fine;
}
