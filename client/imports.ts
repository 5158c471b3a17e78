import type { Command } from 'commander';
import { listImports } from '../store/import-log.js';
import { examples, wholeNumber, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { importJson } from './import-json.js';
import { importsTable } from './import-report.js';
import { knownSync } from './known-sync.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';

export function addImports(program: Command, run: Run): void {
  const command = program
    .command('imports')
    .argument('<sync>', 'a sync of the file, or one that the log knows')
    .description('List the imports of a sync, newest first, with their rows by outcome.')
    .option('--limit <number>', 'at most so many', wholeNumber, 20)
    .action((name: string, options: { limit: number }) =>
      run((session) => imports(session, name, options.limit)),
    );
  examples(command, 'inlet imports customers --limit 5');
}

async function imports(session: Session, name: string, limit: number): Promise<ExitCode> {
  const { out } = session;
  const { file, workspace, sync } = await knownSync(session, name);
  const store = await session.store();
  const records = await reading(file, () => listImports(store, { workspace, sync, limit }));
  if (out.json) out.document({ workspace, sync, imports: records.map(importJson) });
  else if (records.length === 0) out.say(`There is no import of "${sync}" yet.`);
  else out.line(importsTable(out, records));
  return exitCodes.fine;
}
