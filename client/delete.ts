import type { Command } from 'commander';
import { deleteSync } from '../workflows/messages.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { knownSync } from './known-sync.js';
import type { Session } from './session.js';
import { SyncHandle } from './sync-workflow.js';

export function addDelete(program: Command, run: Run): void {
  const command = program
    .command('delete')
    .argument('<sync>', 'a sync that runs, in the file or not')
    .description('End a sync: a running import is canceled. What was imported stays, and so does the log.')
    .action((name: string) => run((session) => remove(session, name)));
  examples(command, 'inlet delete customers');
}

async function remove(session: Session, name: string): Promise<ExitCode> {
  const { out } = session;
  const { workspace, sync, definition, file } = await knownSync(session, name);
  await new SyncHandle(await session.temporal(), workspace, sync).update(deleteSync);
  if (out.json) out.document({ sync, deleted: true });
  else out.line(`${sync} is deleted. What it imported stays, and so does its log.`);
  if (definition !== undefined) {
    out.say(`It is still in ${file.path}: "inlet apply" would start it anew, with last_sync_time 0.`);
  }
  return exitCodes.fine;
}
