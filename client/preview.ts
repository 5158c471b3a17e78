import type { Command } from 'commander';
import { resolveDatabase, type WorkspaceFile } from '../config/workspace-file.js';
import type { SyncDefinition } from '../config/sync-definition.js';
import { fillLastSyncTime, usesLastSyncTime } from '../sources/last-sync-time.js';
import { openSource } from '../sources/open-source.js';
import { quotedPlaceholders } from '../sources/quoted-placeholders.js';
import { SourceError } from '../sources/source-error.js';
import type { Column, Snapshot, Source } from '../sources/source.js';
import { checkColumns } from '../store/column-rules.js';
import { listSyncs } from '../store/import-log.js';
import { previewRows } from '../store/preview.js';
import { examples, type Run } from './argument.js';
import { copyRows } from './copy-text.js';
import { exitCodes, failed, type ExitCode } from './exit.js';
import { sourceSentence } from './explain-error.js';
import { syncOfFile } from './known-sync.js';
import { previewJson, showPreview, type Preview, type PreviewedRow } from './preview-report.js';
import type { Session } from './session.js';
import { reading, StoreNotPrepared } from './store-error.js';

const rowLimit = 100;

export function addPreview(program: Command, run: Run): void {
  const command = program
    .command('preview')
    .argument('<sync>', 'a sync of the file')
    .description('Run the query for its first 100 rows and say what each would do. Nothing is written.')
    .option('--full', 'with last_sync_time 0, as "trigger --full" would')
    .action((name: string, options: { full?: boolean }) =>
      run((session) => preview(session, name, options.full === true)),
    );
  examples(command, 'inlet preview customers', 'inlet preview customers --full --json');
}

async function preview(session: Session, name: string, full: boolean): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const definition = syncOfFile(file, name);
  const connection = resolveDatabase(file, definition.database);
  const needed = !full && usesLastSyncTime(definition.query);
  const lastSyncTime = needed ? await currentLastSyncTime(session, file, definition) : 0;
  const sql = fillLastSyncTime(definition.query, lastSyncTime);

  const stop = new AbortController();
  const source = openSource(connection);
  try {
    const snapshot = await source.snapshot(
      { main: definition.query, lastSyncTime, queryTimeoutMs: connection.queryTimeoutMs },
      stop.signal,
    );
    const shown = await judge(session, file, definition, snapshot);
    const warnings = [...quotedPlaceholders(definition.query), ...shown.warnings];
    const result: Preview = { definition, lastSyncTime, sql, limit: rowLimit, ...shown, warnings };
    if (out.json) out.document(previewJson(result));
    else showPreview(out, result);
    for (const warning of result.warnings) out.warn(warning);
    for (const problem of result.problems) out.say(problem);
    return result.problems.length === 0 ? exitCodes.fine : exitCodes.failed;
  } catch (error) {
    throw error instanceof SourceError ? failed(sourceSentence(error, true), error) : error;
  } finally {
    stop.abort();
    await closed(source);
  }
}

/** What has been shown stands, even if the source can't say goodbye. */
async function closed(source: Source): Promise<void> {
  await source.close().catch(() => undefined);
}

async function currentLastSyncTime(
  session: Session,
  file: WorkspaceFile,
  { workspace, sync }: SyncDefinition,
): Promise<number> {
  const store = await session.store();
  try {
    const records = await reading(file, () => listSyncs(store, workspace));
    const record = records.find((each) => each.sync === sync);
    return record === undefined || record.deletedAt !== null ? 0 : record.lastSyncTime;
  } catch (error) {
    if (error instanceof StoreNotPrepared) return 0;
    throw error;
  }
}

interface Judged {
  columns: Column[];
  problems: string[];
  warnings: string[];
  rows: PreviewedRow[];
}

async function judge(
  session: Session,
  file: WorkspaceFile,
  definition: SyncDefinition,
  snapshot: Snapshot,
): Promise<Judged> {
  try {
    const columns = await snapshot.columns('main');
    const { problems, warnings } = checkColumns(definition, file.settings, columns);
    if (problems.length > 0) return { columns, problems, warnings, rows: await rowsOnly(snapshot) };
    try {
      const store = await session.store();
      const rows = await snapshot.rows('main', rowLimit);
      const verdicts = await reading(file, () =>
        previewRows(store, {
          settings: file.settings,
          definition,
          columns,
          encoding: snapshot.encoding,
          rows,
        }),
      );
      return { columns, problems, warnings, rows: verdicts };
    } catch (error) {
      if (!(error instanceof StoreNotPrepared)) throw error;
      const why = `The rows have no verdicts yet. ${error.message}`;
      return { columns, problems, warnings: [...warnings, why], rows: await rowsOnly(snapshot) };
    }
  } finally {
    await snapshot.close();
  }
}

/** The rows as they come, where nobody can say what they would do. */
async function rowsOnly(snapshot: Snapshot): Promise<PreviewedRow[]> {
  const rows: PreviewedRow[] = [];
  for await (const cells of copyRows(await snapshot.rows('main', rowLimit))) {
    rows.push({ rowNumber: rows.length + 1, cells });
  }
  return rows;
}
