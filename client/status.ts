import type { Command } from 'commander';
import { listDecidingImports, listSyncs } from '../store/import-log.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { explainError } from './explain-error.js';
import { knownSync, type KnownSync } from './known-sync.js';
import type { Session } from './session.js';
import { reportJson, reportText, reportWarnings, type SyncReport } from './status-report.js';
import { reading } from './store-error.js';
import { SyncHandle } from './sync-workflow.js';

export function addStatus(program: Command, run: Run): void {
  const command = program
    .command('status')
    .argument('<sync>', 'a sync of the file, or one that still runs')
    .description('Show what a sync does, when it runs next, its last_sync_time and its last import.')
    .action((name: string) => run((session) => status(session, name)));
  examples(command, 'inlet status customers', 'inlet status customers --json');
}

async function status(session: Session, name: string): Promise<ExitCode> {
  const { out } = session;
  const known = await knownSync(session, name);
  const [answered, logged] = await Promise.allSettled([askSync(session, known), readLog(session, known)]);
  const report: SyncReport = {
    sync: name,
    inFile: known.definition !== undefined,
    status: answered.status === 'fulfilled' ? answered.value : undefined,
    record: logged.status === 'fulfilled' ? logged.value.record : undefined,
    imports: logged.status === 'fulfilled' ? logged.value.imports : undefined,
  };

  if (out.json) {
    out.document(reportJson(report));
  } else {
    if (report.status !== undefined || report.record !== undefined)
      out.line(reportText(out, report, Date.now()));
    for (const warning of reportWarnings(report)) out.warn(warning);
  }
  const missing = await Promise.all(
    [answered, logged].flatMap((part) => (part.status === 'rejected' ? [explainError(part.reason)] : [])),
  );
  for (const { message } of missing) if (message !== null) out.say(message);
  return missing.length === 0 ? exitCodes.fine : exitCodes.failed;
}

async function askSync(session: Session, { workspace, sync }: KnownSync) {
  return new SyncHandle(await session.temporal(), workspace, sync).status();
}

async function readLog(session: Session, { file, workspace, sync }: KnownSync) {
  const store = await session.store();
  return reading(file, async () => {
    const imports = await listDecidingImports(store, { workspace, sync });
    const syncs = await listSyncs(store, workspace);
    return { imports, record: syncs.find((record) => record.sync === sync) };
  });
}
