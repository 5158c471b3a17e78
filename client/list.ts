import type { Command } from 'commander';
import type { SyncDefinition } from '../config/sync-definition.js';
import { listSyncs } from '../store/import-log.js';
import type { SyncRecord } from '../store/records.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { importJson } from './import-json.js';
import type { Json } from './json.js';
import { askSyncs, type LiveSync } from './live-syncs.js';
import type { Output } from './output.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { tableText } from './table.js';
import { momentText, timeText } from './time-text.js';
import { visible } from './visible-text.js';

interface Listed {
  sync: string;
  /** As the file has it; undefined if it is gone from there. */
  defined: SyncDefinition | undefined;
  /** As the store has it; undefined if it was never applied. */
  record: SyncRecord | undefined;
  /** As the sync itself says; undefined for one that is not applied. */
  live: LiveSync | undefined;
}

export function addList(program: Command, run: Run): void {
  const command = program
    .command('list')
    .description(
      'List the syncs of the file and those that still run: what they do now, and their last import.',
    )
    .option('--all', 'deleted syncs as well')
    .action((options: { all?: boolean }) => run((session) => list(session, options.all === true)));
  examples(command, 'inlet list');
}

async function list(session: Session, all: boolean): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const store = await session.store();
  const records = await reading(file, () => listSyncs(store, file.settings.name));
  const applied = records.filter(({ deletedAt }) => deletedAt === null).map(({ sync }) => sync);
  const live = await askSyncs(session, file.settings.name, applied);
  const listed = join(file.syncs, records)
    .filter(({ defined, record }) => all || defined !== undefined || record?.deletedAt === null)
    .map((each) => ({ ...each, live: applied.includes(each.sync) ? live.of(each.sync) : undefined }));
  if (out.json) {
    const syncs = listed.map(listedJson);
    out.document({ workspace: file.settings.name, problem: live.problem, syncs });
  } else if (listed.length === 0) out.say(`${file.path} has no syncs.`);
  else out.line(listTable(out, listed, Date.now()));
  // What the store has was shown all the same.
  if (live.problem !== null) out.say(`What the syncs do now is not known. ${live.problem}`);
  return live.problem === null ? exitCodes.fine : exitCodes.failed;
}

/** The file's syncs in its order, then what only the store knows. */
function join(
  defined: ReadonlyMap<string, SyncDefinition>,
  records: readonly SyncRecord[],
): Omit<Listed, 'live'>[] {
  const bySync = new Map(records.map((record) => [record.sync, record]));
  const inFile = [...defined].map(([sync, definition]) => ({
    sync,
    defined: definition,
    record: bySync.get(sync),
  }));
  const others = records.filter(({ sync }) => !defined.has(sync));
  return [...inFile, ...others.map((record) => ({ sync: record.sync, defined: undefined, record }))];
}

function listTable(out: Output, listed: readonly Listed[], now: number): string {
  return tableText(
    [
      { head: 'SYNC' },
      { head: 'DATABASE' },
      { head: 'EVERY' },
      { head: 'NOW' },
      { head: 'LAST IMPORT' },
      { head: 'STARTED' },
      { head: 'LAST_SYNC_TIME' },
      { head: 'NOTE' },
    ],
    listed.map(({ sync, defined, record, live }) => {
      const definition = defined ?? record?.definition;
      const latest = record?.latest ?? null;
      return [
        visible(sync),
        visible(definition?.database ?? ''),
        definition?.every ?? '',
        liveText(out, live, now),
        latest === null ? 'none' : `#${latest.number} ${out.status(latest.status)}`,
        latest === null ? '' : timeText(latest.openedAt ?? latest.dueAt),
        record === undefined ? '' : lastSyncTime(record.lastSyncTime),
        noteOf(defined, record, live),
      ];
    }),
  );
}

const lastSyncTime = (seconds: number) => (seconds === 0 ? '0' : timeText(seconds * 1000));

/** In a few words: `waiting, next in 12 m 4 s`. */
function liveText(out: Output, live: LiveSync | undefined, now: number): string {
  if (live === undefined) return '';
  if (live === 'unknown') return '?';
  if (live === 'ended') return out.paint('ended', 'bad');
  const { activity, currentImport, nextRunAt, paused } = live;
  const number = currentImport === undefined ? '' : ` #${currentImport}`;
  const rest = paused && activity !== 'paused' ? ', then paused' : '';
  if (activity === 'importing' || activity === 'queued') return `${activity}${number}${rest}`;
  if (activity === 'paused') return out.paint('paused', 'warning');
  return nextRunAt === undefined ? activity : `${activity}, next ${momentText(nextRunAt, now)}`;
}

function noteOf(
  defined: SyncDefinition | undefined,
  record: SyncRecord | undefined,
  live: LiveSync | undefined,
): string {
  if (record === undefined) return 'not applied';
  if (record.deletedAt !== null) return defined === undefined ? 'deleted' : 'deleted; apply starts it anew';
  const notes = [
    ...(live === 'ended'
      ? [`its workflow is gone from Temporal${defined === undefined ? '' : ': apply starts it again'}`]
      : []),
    ...(typeof live === 'object' && live.paused ? [visible(live.paused.reason)] : []),
    ...(defined === undefined ? ['not in the file'] : []),
  ];
  return notes.join('; ');
}

function listedJson({ sync, defined, record, live }: Listed): Json {
  const definition = defined ?? record?.definition;
  const latest = record?.latest ?? null;
  const status = typeof live === 'object' ? live : undefined;
  const paused = status?.paused;
  return {
    sync,
    name: definition?.name ?? sync,
    database: definition?.database ?? null,
    every: definition?.every ?? null,
    inFile: defined !== undefined,
    applied: record?.deletedAt === null,
    deletedAt: record?.deletedAt ?? null,
    activity: live === undefined ? null : typeof live === 'string' ? live : live.activity,
    paused: paused === undefined ? null : { reason: paused.reason, since: new Date(paused.since) },
    currentImport: status?.currentImport ?? null,
    nextRunAt: status?.nextRunAt === undefined ? null : new Date(status.nextRunAt),
    lastSyncTime: record?.lastSyncTime ?? null,
    latest: latest === null ? null : importJson(latest),
  };
}
