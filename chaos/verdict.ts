import { importId, mutexId, syncId, syncStatus } from '../workflows/messages.js';
import { audit } from './audit.js';
import { countDifferences } from './contents.js';
import type { Fault } from './faults.js';
import { sumWritten, type LogEntry } from './import-log.js';
import { countAtSource } from './reference-data.js';
import type { World } from './world.js';

/** What a fault did to the claim; all but `retried` is to be nothing. */
export interface Verdict {
  /** Imports that had an attempt after the first, or did not come to Completed and were followed by another. */
  retried: number;
  /** People, objects, relationships and members that are not as they are without a fault. */
  lost: number;
  appliedTwice: number;
  /** Sentences: counts that are not what was there and was written. */
  miscounted: string[];
  /** Sentences: whatever else is not as it should be. */
  wrong: string[];
}

/** What the round's imports are held against. */
export interface Round {
  fault: Fault;
  /** The log of the chaos workspace before this round, and that of this round; the log of the reference's. */
  before: LogEntry[];
  entries: LogEntry[];
  reference: LogEntry[];
}

/** Compares the workspace, its log and `last_sync_time` with those of the run without a fault; nothing may run meanwhile. */
export async function judge(world: World, round: Round): Promise<Verdict> {
  const { chaos, reference } = world;
  const { appliedTwice, miscounted } = await audit(chaos.store.pool);
  const attempts = await Promise.all(round.entries.map((entry) => lookAtHistory(world, entry)));
  return {
    retried: attempts.filter(({ retried }, at) => retried || round.entries[at]?.status !== 'Completed')
      .length,
    lost: await countDifferences(chaos, reference),
    appliedTwice,
    miscounted: [...miscounted, ...(await miscountedRows(world, round.entries)), ...otherSums(round)],
    wrong: [
      ...otherEnds(round),
      ...gaps(round),
      ...overlaps(round.entries),
      ...(await wrongTimes(world, round)),
      ...(await leftOpen(world)),
      ...attempts.flatMap(({ wrong }) => wrong),
    ],
  };
}

const nameOf = ({ sync, number }: LogEntry) => `${sync} #${number}`;

/** What a Completed import says it read is what the source has for its `last_sync_time`. */
async function miscountedRows({ source }: World, entries: LogEntry[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of entries.filter(({ sync, status }) => sync === 'customers' && status === 'Completed')) {
    const { rows, superseded, relationshipRows } = await countAtSource(source.pool, entry.lastSyncTime);
    const there = JSON.stringify([rows, superseded, relationshipRows]);
    const said = JSON.stringify([entry.rows, entry.superseded, entry.relationshipRows]);
    if (there !== said)
      found.push(
        `${nameOf(entry)} says it read ${said} (rows, superseded, relationships), and the source has ${there}`,
      );
  }
  return found;
}

/** However many imports a round took, together they wrote what one does without a fault. */
function otherSums({ entries, reference }: Round): string[] {
  const [mine, theirs] = [entries, reference].map((log) => JSON.stringify(sumWritten(log, 'customers')));
  return mine === theirs ? [] : [`the imports wrote ${mine} in all, and without a fault ${theirs}`];
}

function otherEnds({ fault, entries }: Round): string[] {
  return entries
    .filter(({ status }) => status !== 'Completed' && !fault.mayEnd.some((end) => end === status))
    .map((entry) => `${nameOf(entry)} is ${entry.status}: ${entry.reason ?? 'without a reason'}`);
}

/** Every number that was given is in the log. */
function gaps({ before, entries }: Round): string[] {
  return [...new Set(entries.map(({ sync }) => sync))].flatMap((sync) => {
    const numbers = [...before, ...entries]
      .filter((entry) => entry.sync === sync)
      .map(({ number }) => number);
    const missing = numbers.toSorted((a, b) => a - b).find((number, at) => number !== at + 1);
    return missing === undefined ? [] : [`before ${sync} #${missing} a number is missing, or there twice`];
  });
}

function overlaps(entries: LogEntry[]): string[] {
  const opened = entries
    .filter(({ openedAt }) => openedAt !== null)
    .toSorted((a, b) => Number(a.openedAt) - Number(b.openedAt));
  return opened.flatMap((entry, at) => {
    const next = opened[at + 1];
    const overlap = next !== undefined && Number(next.openedAt) < Number(entry.endedAt ?? Infinity);
    return overlap ? [`${nameOf(next)} was opened before ${nameOf(entry)} had ended`] : [];
  });
}

/** `last_sync_time` is the start of the newest Completed import: for each import, in the store, and in Temporal. */
async function wrongTimes({ client, chaos }: World, { fault, before, entries }: Round): Promise<string[]> {
  const found: string[] = [];
  let expected = startOfNewest(before) ?? 0;
  for (const entry of entries.filter(({ sync }) => sync === 'customers')) {
    const earlier = fault.mayAskAgain === true && entry.lastSyncTime < expected;
    if (entry.lastSyncTime !== expected && !earlier)
      found.push(`${nameOf(entry)} asked from ${entry.lastSyncTime}, and it is ${expected}`);
    expected = startOfNewest([entry]) ?? expected;
  }
  const { rows } = await chaos.store.pool.query<{ time: number }>(
    `SELECT last_sync_time::float AS time FROM inlet.sync WHERE name = 'customers'`,
  );
  if (rows[0]?.time !== expected)
    found.push(`the store's last_sync_time is ${rows[0]?.time ?? 'none'}, not ${expected}`);
  const { lastSyncTime } = await client.workflow.getHandle(syncId(chaos.name, 'customers')).query(syncStatus);
  if (lastSyncTime !== expected) found.push(`Temporal's last_sync_time is ${lastSyncTime}, not ${expected}`);
  return found;
}

const startOfNewest = (entries: LogEntry[]): number | undefined =>
  entries.findLast(({ sync, status }) => sync === 'customers' && status === 'Completed')?.startTime ??
  undefined;

/** Nothing is Running, and nobody has the workspace. */
async function leftOpen({ chaos, client }: World): Promise<string[]> {
  const { rows } = await chaos.store.pool.query<{ open: string }>(
    `SELECT 'the log has a Running import' AS open FROM inlet.import WHERE status = 'Running'
     UNION ALL SELECT 'the workspace has an active import' FROM inlet.workspace WHERE active_import IS NOT NULL`,
  );
  const mutex = await client.workflow.getHandle(mutexId(chaos.name)).describe();
  return [
    ...rows.map(({ open }) => open),
    ...(['RUNNING', 'COMPLETED', 'TERMINATED', 'CANCELLED'].includes(mutex.status.name)
      ? []
      : [`the mutex is ${mutex.status.name}`]),
  ];
}

/** What Temporal's history says of an import: attempts after the first, and workflow tasks that failed. */
async function lookAtHistory(
  { client, chaos }: World,
  entry: LogEntry,
): Promise<{ retried: boolean; wrong: string[] }> {
  const { events } = await client.workflow
    .getHandle(importId(chaos.name, entry.sync, entry.number))
    .fetchHistory();
  const all = events ?? [];
  const failedTasks = all.filter(
    ({ workflowTaskFailedEventAttributes: failed }) =>
      // A reset says so by such an event.
      failed && !JSON.stringify(failed).includes('RESET'),
  ).length;
  return {
    retried: all.some(({ activityTaskStartedEventAttributes: started }) => (started?.attempt ?? 1) > 1),
    wrong: failedTasks === 0 ? [] : [`${nameOf(entry)} has ${failedTasks} failed workflow tasks`],
  };
}
