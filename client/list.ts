import type { Command } from 'commander';
import type { SyncDefinition } from '../config/sync-definition.js';
import { listSyncs } from '../store/import-log.js';
import type { SyncRecord } from '../store/records.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import { importJson } from './import-json.js';
import type { Json } from './json.js';
import type { Output } from './output.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { tableText } from './table.js';
import { timeText } from './time-text.js';
import { visible } from './visible-text.js';

interface Listed {
  sync: string;
  /** As the file has it; undefined if it is gone from there. */
  defined: SyncDefinition | undefined;
  /** As the store has it; undefined if it was never applied. */
  record: SyncRecord | undefined;
}

export function addList(program: Command, run: Run): void {
  const command = program
    .command('list')
    .description('List the syncs of the file and those that still run, with their last import.')
    .option('--all', 'deleted syncs as well')
    .action((options: { all?: boolean }) => run((session) => list(session, options.all === true)));
  examples(command, 'inlet list');
}

async function list(session: Session, all: boolean): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const store = await session.store();
  const records = await reading(file, () => listSyncs(store, file.settings.name));
  const listed = join(file.syncs, records).filter(
    ({ defined, record }) => all || defined !== undefined || record?.deletedAt === null,
  );
  if (out.json) out.document({ workspace: file.settings.name, syncs: listed.map(listedJson) });
  else if (listed.length === 0) out.say(`${file.path} has no syncs.`);
  else out.line(listTable(out, listed));
  return exitCodes.fine;
}

/** The file's syncs in its order, then what only the store knows. */
function join(defined: ReadonlyMap<string, SyncDefinition>, records: readonly SyncRecord[]): Listed[] {
  const bySync = new Map(records.map((record) => [record.sync, record]));
  const inFile = [...defined].map(([sync, definition]) => ({
    sync,
    defined: definition,
    record: bySync.get(sync),
  }));
  const others = records.filter(({ sync }) => !defined.has(sync));
  return [...inFile, ...others.map((record) => ({ sync: record.sync, defined: undefined, record }))];
}

function listTable(out: Output, listed: readonly Listed[]): string {
  return tableText(
    [
      { head: 'SYNC' },
      { head: 'DATABASE' },
      { head: 'EVERY' },
      { head: 'LAST IMPORT' },
      { head: 'STARTED' },
      { head: 'LAST_SYNC_TIME' },
      { head: 'NOTE' },
    ],
    listed.map(({ sync, defined, record }) => {
      const definition = defined ?? record?.definition;
      const latest = record?.latest ?? null;
      return [
        visible(sync),
        visible(definition?.database ?? ''),
        definition?.every ?? '',
        latest === null ? 'none' : `#${latest.number} ${out.status(latest.status)}`,
        latest === null ? '' : timeText(latest.openedAt ?? latest.dueAt),
        record === undefined ? '' : lastSyncTime(record.lastSyncTime),
        noteOf(defined, record),
      ];
    }),
  );
}

const lastSyncTime = (seconds: number) => (seconds === 0 ? '0' : timeText(seconds * 1000));

function noteOf(defined: SyncDefinition | undefined, record: SyncRecord | undefined): string {
  if (record === undefined) return 'not applied';
  if (record.deletedAt !== null) return defined === undefined ? 'deleted' : 'deleted; apply starts it anew';
  return defined === undefined ? 'not in the file' : '';
}

function listedJson({ sync, defined, record }: Listed): Json {
  const definition = defined ?? record?.definition;
  const latest = record?.latest ?? null;
  return {
    sync,
    name: definition?.name ?? sync,
    database: definition?.database ?? null,
    every: definition?.every ?? null,
    inFile: defined !== undefined,
    applied: record?.deletedAt === null,
    deletedAt: record?.deletedAt ?? null,
    lastSyncTime: record?.lastSyncTime ?? null,
    latest: latest === null ? null : importJson(latest),
  };
}
