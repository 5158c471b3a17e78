import type { Command } from 'commander';
import { resolveDatabase, type WorkspaceFile } from '../config/workspace-file.js';
import { queriesOf, type SyncDefinition } from '../config/sync-definition.js';
import { fillLastSyncTime, usesLastSyncTime } from '../sources/last-sync-time.js';
import { openSource } from '../sources/open-source.js';
import { quotedPlaceholders } from '../sources/quoted-placeholders.js';
import { SourceError } from '../sources/source-error.js';
import type { Column, QueryName, Snapshot, Source } from '../sources/source.js';
import { checkColumns } from '../store/column-rules.js';
import { listSyncs } from '../store/import-log.js';
import { previewRows, type PreviewVerdicts } from '../store/preview.js';
import { subjectOf } from '../store/row-subject.js';
import { examples, type Run } from './argument.js';
import { copyRows } from './copy-text.js';
import { exitCodes, failed, type ExitCode } from './exit.js';
import { sourceSentence } from './explain-error.js';
import { syncOfFile } from './known-sync.js';
import {
  previewJson,
  showPreview,
  type Preview,
  type PreviewedQuery,
  type PreviewedRow,
} from './preview-report.js';
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
  const queries = queriesOf(definition);
  const needed = !full && queries.some(({ text }) => usesLastSyncTime(text));
  const lastSyncTime = needed ? await currentLastSyncTime(session, file, definition) : 0;

  const stop = new AbortController();
  const source = openSource(connection);
  try {
    const { query: main, relationships } = definition;
    const snapshot = await source.snapshot(
      {
        main,
        ...(relationships !== undefined && { relationships: relationships.query }),
        lastSyncTime,
        queryTimeoutMs: connection.queryTimeoutMs,
      },
      stop.signal,
    );
    const judged = await judge(session, file, definition, snapshot);
    const warnings = [...queries.flatMap(({ text }) => quotedPlaceholders(text)), ...judged.warnings];
    const shown = judged.queries.map((each) => ({
      ...each,
      sql: fillLastSyncTime(
        queries.find(({ name: which }) => which === each.query)?.text ?? '',
        lastSyncTime,
      ),
    }));
    const result: Preview = { definition, lastSyncTime, limit: rowLimit, queries: shown, warnings };
    if (out.json) out.document(previewJson(result));
    else showPreview(out, result);
    for (const warning of warnings) out.warn(warning);
    const problems = shown.flatMap((each) => each.problems);
    for (const problem of problems) out.say(problem);
    return problems.length === 0 ? exitCodes.fine : exitCodes.failed;
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
  queries: Omit<PreviewedQuery, 'sql'>[];
  warnings: string[];
}

/** The verdicts of all rows, or only the rows where one of the queries can't be imported, or nobody can judge. */
async function judge(
  session: Session,
  file: WorkspaceFile,
  definition: SyncDefinition,
  snapshot: Snapshot,
): Promise<Judged> {
  const { settings } = file;
  try {
    const described: Described[] = [];
    for (const { name: query } of queriesOf(definition)) {
      const columns = await snapshot.columns(query);
      described.push({ query, columns, ...checkColumns(subjectOf(definition, query), settings, columns) });
    }
    const warnings = described.flatMap((each) => each.warnings);
    if (described.some(({ problems }) => problems.length > 0))
      return { queries: await rowsOnly(snapshot, described), warnings };
    try {
      const store = await session.store();
      const asked = (which: QueryName) => {
        const found = described.find(({ query }) => query === which);
        return found && { columns: found.columns, rows: () => snapshot.rows(which, rowLimit) };
      };
      const main = asked('main');
      if (main === undefined) throw new Error('There is no main query.');
      const input = { settings, definition, encoding: snapshot.encoding, main };
      const verdicts = await reading(file, () =>
        previewRows(store, { ...input, relationships: asked('relationships') ?? null }),
      );
      const queries = described.map((each) => ({ ...each, rows: verdicts[each.query] }));
      return { queries, warnings: [...warnings, ...beyondTheFirst(definition, verdicts)] };
    } catch (error) {
      if (!(error instanceof StoreNotPrepared)) throw error;
      const why = `The rows have no verdicts yet. ${error.message}`;
      return { queries: await rowsOnly(snapshot, described), warnings: [...warnings, why] };
    }
  } finally {
    await snapshot.close();
  }
}

interface Described {
  query: QueryName;
  columns: Column[];
  problems: string[];
  warnings: string[];
}

/** What relationships need may come in rows that a preview does not read. */
function beyondTheFirst(
  { import: kind, relationships }: SyncDefinition,
  verdicts: PreviewVerdicts,
): string[] {
  const lacks = verdicts.relationships.some(({ failure }) => failure?.reason.startsWith('no_such_') === true);
  if (relationships === undefined || !lacks || verdicts.main.length < rowLimit) return [];
  return [
    `Rows of the relationship query may speak of ${kind} that come after the first ${rowLimit} rows of the main query; an import would know them.`,
  ];
}

/** The rows as they come, where nobody can say what they would do. */
async function rowsOnly(snapshot: Snapshot, described: Described[]): Promise<Omit<PreviewedQuery, 'sql'>[]> {
  const queries: Omit<PreviewedQuery, 'sql'>[] = [];
  for (const each of described) {
    const rows: PreviewedRow[] = [];
    for await (const cells of copyRows(await snapshot.rows(each.query, rowLimit)))
      rows.push({ rowNumber: rows.length + 1, cells });
    queries.push({ ...each, rows });
  }
  return queries;
}
