import { createWriteStream } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { countFailures, countKeptFailures, readFailures } from '../store/failures.js';
import { listImports } from '../store/import-log.js';
import type { FailureCount, FailureRecord, ImportRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { examples, wholeNumber, type Run } from './argument.js';
import { exitCodes, failed, type ExitCode } from './exit.js';
import { failuresCsv } from './failures-csv.js';
import { failureCountsJson } from './import-json.js';
import { failuresTable } from './import-report.js';
import { importOf } from './import.js';
import { jsonText, RawJson, type Json } from './json.js';
import { knownSync, type KnownSync } from './known-sync.js';
import type { Output } from './output.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { countText } from './time-text.js';
import { shortened, visible } from './visible-text.js';

const rowsShown = 20;

interface Options {
  csv?: string;
}

export function addFailures(program: Command, run: Run): void {
  const command = program
    .command('failures')
    .argument('<sync>', 'a sync of the file, or one that the log knows')
    .argument('[number]', 'which import; unless given, the latest that has failed rows', wholeNumber)
    .description('Show why rows failed: by reason, then the first rows with what to do about each.')
    .option('--csv <file>', 'write all of them as CSV, one line each; "-" is stdout')
    .action((name: string, number: number | undefined, options: Options) =>
      run((session) => failures(session, name, number, options)),
    );
  examples(command, 'inlet failures customers', 'inlet failures customers 12 --csv failures.csv');
}

async function failures(
  session: Session,
  name: string,
  number: number | undefined,
  { csv }: Options,
): Promise<ExitCode> {
  const { out } = session;
  const known = await knownSync(session, name);
  const store = await session.store();
  const record =
    number === undefined ? await latestWithFailures(store, known) : await importOf(store, known, number);
  if (record === null) {
    if (out.json)
      out.document({ workspace: known.workspace, sync: known.sync, number: null, counts: [], failures: [] });
    out.say(`No import of "${known.sync}" has failed rows.`);
    return exitCodes.fine;
  }
  if (number === undefined)
    out.say(`Import ${record.number} of "${known.sync}" is the latest with failed rows.`);

  await reading(known.file, async () => {
    const counts = await countFailures(store, record);
    tellWhatIsNotKept(out, totalOf(counts), await countKeptFailures(store, record));
    const rows = readFailures(store, record);
    if (csv !== undefined) await writeCsv(out, rows, csv);
    else if (out.json) await writeJson(out, record, counts, rows);
    else await show(out, record, counts, rows);
  });
  return exitCodes.fine;
}

async function latestWithFailures(
  store: Store,
  { file, workspace, sync }: KnownSync,
): Promise<ImportRecord | null> {
  return reading(file, async () => {
    const records = await listImports(store, { workspace, sync, limit: 1000 });
    for (const record of records) {
      if ((record.counts?.failed ?? 0) + (record.relationships?.failed ?? 0) > 0) return record;
      // Those of an import that runs, or broke off, are there before they are summed up.
      if (record.counts === null && (await countFailures(store, record)).length > 0) return record;
    }
    return null;
  });
}

/** An import with very many failures keeps only the first of them whole. */
function tellWhatIsNotKept(out: Output, failed: number, kept: number): void {
  if (failed > kept) {
    out.warn(
      `${countText(failed)} rows failed, of which the first ${countText(kept)} were kept (workspace.keepFailures).`,
    );
  }
}

const totalOf = (counts: readonly FailureCount[]) => counts.reduce((sum, { count }) => sum + count, 0);

async function show(
  out: Output,
  record: ImportRecord,
  counts: readonly FailureCount[],
  rows: AsyncIterable<FailureRecord>,
): Promise<void> {
  const total = totalOf(counts);
  if (total === 0) {
    out.say(`Import ${record.number} of "${record.sync}" has no failed rows.`);
    return;
  }
  out.line(failuresTable(counts));
  let shown = 0;
  for await (const row of rows) {
    if (shown === rowsShown) break;
    out.line(`\n${failureText(row)}`);
    shown += 1;
  }
  if (total > shown) {
    const all = `inlet failures ${record.sync} ${record.number} --csv FILE`;
    out.say(`\nThese are the first ${shown} of ${countText(total)}. "${all}" writes all that were kept.`);
  }
}

/** Such as `row 17  id 42  email "x"  invalid_email`, then the sentence. */
export function failureText(failure: FailureRecord): string {
  const { rowNumber, query, key, column, value, reason, message, collidesWith } = failure;
  const heading = [
    query === 'main' ? `row ${rowNumber}` : `row ${rowNumber} of ${query}`,
    ...(key === null ? [] : [`key ${shortened(key, 60)}`]),
    `${visible(column)} ${value === null ? 'NULL' : `"${shortened(value, 60)}"`}`,
    reason,
  ];
  const lines = [heading.join('  '), `  ${shortened(message, 1000)}`];
  if (collidesWith !== null && !message.includes(collidesWith)) {
    lines.push(`  It collides with ${shortened(collidesWith, 300)}.`);
  }
  return lines.join('\n');
}

async function writeCsv(out: Output, rows: AsyncIterable<FailureRecord>, path: string): Promise<void> {
  let count = 0;
  const counted = Readable.from(
    (async function* () {
      for await (const row of rows) {
        count += 1;
        yield row;
      }
    })(),
  );
  await pipeline(counted, failuresCsv(), path === '-' ? stdoutOf(out) : await fileAt(path));
  if (path !== '-') out.say(`${countText(count)} ${count === 1 ? 'row' : 'rows'} written to ${path}.`);
}

/** Ending the pipeline must not end stdout itself. */
function stdoutOf(out: Output): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      out.write(chunk.toString()).then(() => done(), done);
    },
  });
}

/** Failed rows are people's data: a new file is for its owner only. */
async function fileAt(path: string): Promise<Writable> {
  const stream = createWriteStream(path, { mode: 0o600 });
  return new Promise((resolve, reject) => {
    stream.once('open', () => resolve(stream));
    stream.once('error', (error) => reject(failed(`Can't write ${path}: ${error.message}.`, error)));
  });
}

/** Written as it is read: there can be a hundred thousand. */
async function writeJson(
  out: Output,
  record: ImportRecord,
  counts: readonly FailureCount[],
  rows: AsyncIterable<FailureRecord>,
): Promise<void> {
  const { workspace, sync, number, status } = record;
  const head = jsonText({ workspace, sync, number, status, counts: failureCountsJson(counts) }, 2);
  await out.write(`${head.slice(0, -2)},\n  "failures": [`);
  let separator = '';
  for await (const row of rows) {
    await out.write(`${separator}\n    ${jsonText(failureJson(row), 0)}`);
    separator = ',';
  }
  out.line(separator === '' ? ']\n}' : '\n  ]\n}');
}

export function failureJson(failure: FailureRecord): Json {
  return { ...failure, row: new RawJson(failure.row) };
}
