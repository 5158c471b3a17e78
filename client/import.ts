import type { Command } from 'commander';
import { countFailures } from '../store/failures.js';
import { findImport, latestImport } from '../store/import-log.js';
import type { ImportRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { examples, wholeNumber, type Run } from './argument.js';
import { exitCodes, failed, type ExitCode } from './exit.js';
import { wholeImportJson } from './import-json.js';
import { importText } from './import-report.js';
import { knownSync, type KnownSync } from './known-sync.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';

export function addImport(program: Command, run: Run): void {
  const command = program
    .command('import')
    .argument('<sync>', 'a sync of the file, or one that the log knows')
    .argument('<number>', 'which import', wholeNumber)
    .description('Show one import: rows by outcome, phases, the SQL and last_sync_time that it ran with.')
    .action((name: string, number: number) => run((session) => showImport(session, name, number)));
  examples(command, 'inlet import customers 12');
}

async function showImport(session: Session, name: string, number: number): Promise<ExitCode> {
  const { out } = session;
  const known = await knownSync(session, name);
  const store = await session.store();
  const record = await importOf(store, known, number);
  const failures = await reading(known.file, () => countFailures(store, record));
  if (out.json) out.document(wholeImportJson(record, failures));
  else out.line(importText(out, record, failures));
  return exitCodes.fine;
}

/** @throws CommandError that says which imports there are */
export async function importOf(store: Store, known: KnownSync, number: number): Promise<ImportRecord> {
  const { file, workspace, sync } = known;
  const record = await reading(file, () => findImport(store, { workspace, sync, number }));
  if (record !== null) return record;
  const latest = await reading(file, () => latestImport(store, { workspace, sync }));
  throw failed(
    latest === null
      ? `There is no import of "${sync}" yet.`
      : `The log has no import ${number} of "${sync}"; the newest is ${latest.number}. "inlet imports ${sync}" lists them.`,
  );
}
