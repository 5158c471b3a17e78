import type { Command } from 'commander';
import { countFailures } from '../store/failures.js';
import { latestImport, listImports } from '../store/import-log.js';
import type { ImportRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { followImport } from './follow-import.js';
import { wholeImportJson } from './import-json.js';
import { importLine, outcomeText } from './import-report.js';
import { knownSync, type KnownSync } from './known-sync.js';
import { createProgress } from './progress.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { SyncHandle } from './sync-workflow.js';
import { momentText } from './time-text.js';

export function addWatch(program: Command, run: Run): void {
  const command = program
    .command('watch')
    .argument('<sync>', 'a sync of the file, or one that still runs')
    .option('--once', 'end after one import; the exit code is 0 only if it is Completed')
    .description(
      'Follow the import that runs, or the next one, and those after it. Ctrl-C ends only the watching.',
    )
    .action((name: string, options: { once?: boolean }) =>
      run((session) => watch(session, name, options.once === true)),
    );
  examples(command, 'inlet watch customers', 'inlet watch customers --once');
}

async function watch(session: Session, name: string, once: boolean): Promise<ExitCode> {
  const { out } = session;
  const known = await knownSync(session, name);
  const store = await session.store();
  const latest = await reading(known.file, () => latestImport(store, known));
  let seen = latest === null ? 0 : latest.status === 'Running' ? latest.number - 1 : latest.number;
  if (latest?.status !== 'Running') {
    if (latest !== null) out.say(`The last import: ${importLine(out.plain, latest)}`);
    out.say(`No import of "${name}" runs; waiting for the next one${await dueText(session, known)}.`);
  }

  for (;;) {
    const record = await followImport({
      known,
      out,
      store,
      progress: createProgress(out),
      find: () => firstAfter(store, known, seen),
    });
    seen = record.number;
    const failures = await reading(known.file, () => countFailures(store, record));
    if (!out.json) out.line(`${outcomeText(out, record, failures)}\n`);
    else if (once) out.document(wholeImportJson(record, failures));
    else out.jsonLine(wholeImportJson(record, failures));
    if (once) return record.status === 'Completed' ? exitCodes.fine : exitCodes.failed;
  }
}

/** When the next one is due, if Temporal and a worker can be asked; the log is what is watched. */
async function dueText(session: Session, { workspace, sync }: KnownSync): Promise<string> {
  try {
    const { nextRunAt } = await new SyncHandle(await session.temporal(), workspace, sync).status();
    return nextRunAt === undefined ? '' : `, due ${momentText(nextRunAt, Date.now())}`;
  } catch {
    return '';
  }
}

/** The oldest import after the one that was seen last, so that none is passed over. */
async function firstAfter(
  store: Store,
  { workspace, sync }: KnownSync,
  seen: number,
): Promise<ImportRecord | null> {
  const records = await listImports(store, { workspace, sync, limit: 20 });
  return records.findLast(({ number }) => number > seen) ?? null;
}
