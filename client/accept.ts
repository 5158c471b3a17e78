import type { Command } from 'commander';
import { acceptImport, type Accepted } from '../workflows/messages.js';
import { examples, wholeNumber, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { knownSync } from './known-sync.js';
import type { Session } from './session.js';
import { SyncHandle } from './sync-workflow.js';
import { countText, secondsText } from './time-text.js';

export function addAccept(program: Command, run: Run): void {
  const command = program
    .command('accept')
    .argument('<sync>', 'a sync that runs, paused or not')
    .argument('<number>', 'an import that is Some Rows Failed', wholeNumber)
    .description("Take an import's failed rows as they are: last_sync_time moves past it, never backwards.")
    .action((name: string, number: number) => run((session) => accept(session, name, number)));
  examples(command, 'inlet accept customers 12');
}

async function accept(session: Session, name: string, number: number): Promise<ExitCode> {
  const { out } = session;
  const { workspace, sync } = await knownSync(session, name);
  const handle = new SyncHandle(await session.temporal(), workspace, sync);
  const accepted = await handle.updateWith(acceptImport, { number });
  const { formerly, lastSyncTime, failed, startedBefore } = accepted;
  if (out.json) {
    out.document({ sync, number, formerly, lastSyncTime, failed, startedBefore: startedBefore ?? null });
    return exitCodes.fine;
  }
  out.line(acceptedText(sync, number, accepted));
  if (startedBefore !== undefined)
    out.say(
      `Import ${startedBefore} was started before: it still asks from ${secondsText(formerly)}. The next one asks from there.`,
    );
  return exitCodes.fine;
}

function acceptedText(sync: string, number: number, { formerly, lastSyncTime, failed }: Accepted): string {
  const rows = failed === 1 ? 'row' : 'rows';
  if (formerly === lastSyncTime)
    return `last_sync_time of ${sync} is ${secondsText(lastSyncTime)} already, past import ${number}.`;
  return (
    `last_sync_time of ${sync} moved from ${secondsText(formerly)} to ${secondsText(lastSyncTime)}, ` +
    `past the ${countText(failed)} failed ${rows} of import ${number}.`
  );
}
