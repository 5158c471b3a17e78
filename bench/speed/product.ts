import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { importId, mutexId, syncId } from '../../workflows/messages.js';
import { runInlet } from '../support/inlet.js';
import { forgetPeakMemory, memoryMb, peakMemoryMb } from '../support/process-figures.js';
import type { BenchWorker, Servers } from '../support/servers.js';

/** Inlet as it runs: its servers, one worker process, and the workspace's file for commands. */
export interface Product {
  servers: Servers;
  worker: BenchWorker;
  file: string;
  /** To the store's server as its superuser, in the store's database. */
  store: pg.Client;
  temporal: Client;
}

/** One import, measured. */
export interface Run {
  /** From the start of `inlet trigger` until the import had ended. */
  seconds: number;
  /** From when the sync took the trigger until the import had ended. */
  dueToEnded: number;
  rows: number;
  /** Memory of the worker (RSS): before it, and the most while it ran. */
  idleMb: number;
  peakMb: number;
  /** Of its own history; and what it added to its sync's and the mutex's. */
  events: number;
  eventsBeside: number;
  /** Of all three. */
  temporalBytes: number;
  walBytes: number;
  outcomes: Record<string, number>;
}

const WORKSPACE = 'bench';

/** `inlet trigger --wait` of a sync, as a user does it. Throws unless the import ends with every row accounted for. */
export async function runImport(product: Product, sync: string): Promise<Run> {
  const { store, worker } = product;
  const { pid } = worker.identity;
  const histories = [syncId(WORKSPACE, sync), mutexId(WORKSPACE)];
  const before = await sizesOf(product.temporal, histories);
  const { lsn } = await one<{ lsn: string }>(store, 'SELECT pg_current_wal_lsn()::text AS lsn');
  const idleMb = memoryMb(pid);
  forgetPeakMemory(pid);
  const began = Date.now();
  await inlet(product, ['trigger', sync, '--wait']);
  const peakMb = peakMemoryMb(pid);
  const { wal } = await one<{ wal: string }>(
    store,
    'SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), $1)::text AS wal',
    [lsn],
  );
  const logged = await lastImport(store, sync);
  const [own = nothing] = await sizesOf(product.temporal, [importId(WORKSPACE, sync, logged.number)]);
  const beside = grown(before, await sizesOf(product.temporal, histories));
  return {
    seconds: (logged.endedAt - began) / 1000,
    dueToEnded: (logged.endedAt - logged.dueAt) / 1000,
    rows: logged.outcomes['relationship_rows'] ?? logged.outcomes['rows'] ?? 0,
    idleMb,
    peakMb,
    events: own.events,
    eventsBeside: beside.events,
    temporalBytes: own.bytes + beside.bytes,
    walBytes: Number(wal),
    outcomes: logged.outcomes,
  };
}

/** A command of the command line. Throws, with what it said, if it fails otherwise than by rows that failed. */
export async function inlet(
  { servers, file }: Pick<Product, 'servers' | 'file'>,
  args: string[],
): Promise<void> {
  const { exitCode, stderr, stdout } = await runInlet(servers, file, args);
  if (exitCode !== 0 && !stdout.includes('Some Rows Failed'))
    throw new Error(
      `inlet ${args.join(' ')} ended with ${exitCode ?? 'no exit code'}:\n${stdout}\n${stderr}`,
    );
}

/** Empties the workspace, which no command does: its syncs and their log stay. */
export const emptyStore = (store: pg.Client): Promise<unknown> =>
  store.query('TRUNCATE inlet.person, inlet.object, inlet.relationship, inlet.segment_member');

const outcomeColumns = [
  'rows',
  'added',
  'updated',
  'unchanged',
  'superseded',
  'failed',
  'relationship_rows',
  'related',
  'changed',
  'relationships_unchanged',
];

interface Logged {
  number: number;
  dueAt: number;
  endedAt: number;
  outcomes: Record<string, number>;
}

async function lastImport(store: pg.Client, sync: string): Promise<Logged> {
  return await one<Logged>(
    store,
    `SELECT i.number, (extract(epoch FROM due_at) * 1000)::float8 AS "dueAt",
            (extract(epoch FROM ended_at) * 1000)::float8 AS "endedAt",
            jsonb_strip_nulls(jsonb_build_object(${outcomeColumns.map((name) => `'${name}', i.${name}`).join(', ')})) AS outcomes
     FROM inlet.import i JOIN inlet.sync s USING (sync_id) WHERE s.name = $1 AND ended_at IS NOT NULL
     ORDER BY number DESC LIMIT 1`,
    [sync],
  );
}

async function one<Row extends pg.QueryResultRow>(
  client: pg.Client,
  sql: string,
  values: unknown[] = [],
): Promise<Row> {
  const [row] = (await client.query<Row>(sql, values)).rows;
  if (row === undefined) throw new Error(`No row: ${sql}`);
  return row;
}

/** Of a history. */
interface Size {
  events: number;
  bytes: number;
}

const nothing: Size = { events: 0, bytes: 0 };

const sizesOf = (client: Client, workflowIds: string[]): Promise<Size[]> =>
  Promise.all(
    workflowIds.map(async (id) => {
      const { historyLength, historySize } = await client.workflow.getHandle(id).describe();
      return { events: historyLength, bytes: historySize ?? 0 };
    }),
  );

/** By how much histories have grown. Of one that has continued as new since, what the new one has. */
const grown = (before: Size[], after: Size[]): Size =>
  after.reduce((sum, { events, bytes }, at) => {
    const had = before[at] ?? nothing;
    const since = events < had.events ? nothing : had;
    return { events: sum.events + events - since.events, bytes: sum.bytes + bytes - since.bytes };
  }, nothing);
