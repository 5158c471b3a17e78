import type { Command } from 'commander';
import { pause } from '../workflows/messages.js';
import { examples, someText, type Run } from './argument.js';
import { confirmed } from './confirmed.js';
import { exitCodes, type ExitCode } from './exit.js';
import { knownSync } from './known-sync.js';
import type { Session } from './session.js';
import { SyncHandle } from './sync-workflow.js';
import { timeText } from './time-text.js';
import { visible } from './visible-text.js';

export function addPause(program: Command, run: Run): void {
  const command = program
    .command('pause')
    .argument('<sync>', 'a sync that runs')
    .requiredOption('--reason <text>', 'why, for those who find it paused', someText)
    .description(
      'Let intervals pass without an import. One that runs is finished, a queued one is withdrawn.',
    )
    .action((name: string, { reason }: { reason: string }) =>
      run((session) => pauseSync(session, name, reason)),
    );
  examples(command, 'inlet pause customers --reason "CRM is being migrated"');
}

async function pauseSync(session: Session, name: string, reason: string): Promise<ExitCode> {
  const { out } = session;
  const { workspace, sync } = await knownSync(session, name);
  const handle = new SyncHandle(await session.temporal(), workspace, sync);
  await handle.signal((workflow) => workflow.signal(pause, { reason }));
  const status = await confirmed(handle, ({ paused }) => paused !== undefined);
  if (out.json) {
    const paused =
      status.paused === undefined ? null : { ...status.paused, since: new Date(status.paused.since) };
    out.document({ sync, paused });
  } else {
    const since = status.paused === undefined ? '' : ` since ${timeText(status.paused.since)}`;
    out.line(`${sync} is paused${since}: ${visible(status.paused?.reason ?? reason)}`);
  }
  if (status.activity === 'importing')
    out.say(`Import ${status.currentImport ?? ''} still runs, and is finished.`);
  return exitCodes.fine;
}
