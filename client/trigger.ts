import type { Command } from 'commander';
import { countFailures } from '../store/failures.js';
import { findImport } from '../store/import-log.js';
import { trigger } from '../workflows/messages.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { brokenOffImport } from './broken-off-import.js';
import { followImport } from './follow-import.js';
import { wholeImportJson } from './import-json.js';
import { outcomeText } from './import-report.js';
import { knownSync } from './known-sync.js';
import { createProgress } from './progress.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { SyncHandle } from './sync-workflow.js';

interface Options {
  wait?: boolean;
  full?: boolean;
}

export function addTrigger(program: Command, run: Run): void {
  const command = program
    .command('trigger')
    .argument('<sync>', 'a sync that runs, paused or not')
    .option('--wait', 'until it has ended; the exit code is 0 only if it is Completed')
    .option('--full', 'with last_sync_time 0, so that the query gives everything')
    .description('Import now. It waits its turn in the workspace, and the schedule then counts from it.')
    .action((name: string, options: Options) => run((session) => triggerSync(session, name, options)));
  examples(command, 'inlet trigger customers', 'inlet trigger customers --full --wait');
}

async function triggerSync(session: Session, name: string, { wait, full }: Options): Promise<ExitCode> {
  const { out } = session;
  const known = await knownSync(session, name);
  const { workspace, sync, file } = known;
  const temporal = await session.temporal();
  const handle = new SyncHandle(temporal, workspace, sync);
  const { number, alreadyQueued } = await handle.updateWith(trigger, { full: full === true });
  const said = alreadyQueued
    ? `Import ${number} of "${sync}" was queued already.`
    : `Import ${number} of "${sync}" is on its way.`;
  if (wait !== true) {
    if (out.json) out.document({ sync, number, alreadyQueued });
    else out.line(said);
    return exitCodes.fine;
  }

  out.say(said);
  const store = await session.store();
  const record = await followImport({
    known,
    out,
    store,
    progress: createProgress(out),
    find: () => findImport(store, { workspace, sync, number }),
    brokenOff: brokenOffImport(temporal, known, number),
  });
  const failures = await reading(file, () => countFailures(store, record));
  if (out.json) out.document(wholeImportJson(record, failures));
  else out.line(outcomeText(out, record, failures));
  return record.status === 'Completed' ? exitCodes.fine : exitCodes.failed;
}
