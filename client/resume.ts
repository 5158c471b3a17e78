import type { Command } from 'commander';
import { resume } from '../workflows/messages.js';
import { examples, type Run } from './argument.js';
import { confirmed } from './confirmed.js';
import { exitCodes, type ExitCode } from './exit.js';
import { knownSync } from './known-sync.js';
import type { Session } from './session.js';
import { activityText } from './status-report.js';
import { SyncHandle } from './sync-workflow.js';

export function addResume(program: Command, run: Run): void {
  const command = program
    .command('resume')
    .argument('<sync>', 'a sync that is paused')
    .description('Go on with the next scheduled interval; intervals missed meanwhile are not made up for.')
    .action((name: string) => run((session) => resumeSync(session, name)));
  examples(command, 'inlet resume customers');
}

async function resumeSync(session: Session, name: string): Promise<ExitCode> {
  const { out } = session;
  const { workspace, sync } = await knownSync(session, name);
  const handle = new SyncHandle(await session.temporal(), workspace, sync);
  await handle.signal((workflow) => workflow.signal(resume));
  const status = await confirmed(handle, ({ paused }) => paused === undefined);
  if (out.json) {
    const nextRunAt = status.nextRunAt === undefined ? null : new Date(status.nextRunAt);
    out.document({ sync, activity: status.activity, nextRunAt });
  } else {
    out.line(`${sync} goes on: ${activityText(status, Date.now())}`);
  }
  return exitCodes.fine;
}
