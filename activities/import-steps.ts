import { logUnopened } from '../store/log-unopened.js';
import { closeImport, type End, type Ended } from '../store/end-import.js';
import { waitForHeldChunks } from '../store/held-chunks.js';
import { forgetStaging, noteDatabaseMessage, readOpenImport, refOf } from '../store/imports.js';
import { applyNextChunk, isStopped, planImport, StagingLost, type StagedWork } from '../store/ledger.js';
import { sweepStaging } from '../store/staging.js';
import type { ImportResult } from '../workflows/messages.js';
import type { Activities, Ending } from './activities.js';
import type { Dependencies } from './dependencies.js';
import { whileHeartbeating } from './heartbeat.js';
import { secondsSince, tellEnd, untold } from './import-events.js';
import { stageImport } from './stage-query.js';
import { spanAttributes, untraced } from './trace.js';
import { databaseMessageOf } from './translate-error.js';

/** More than this gains nothing: a chunk keeps one core of the store busy. */
export const MAX_LANES = 2;

type Steps = Pick<Activities, 'stageQuery' | 'planChunks' | 'applyChunks' | 'closeImport' | 'logUnopened'>;

/** Makes the activities that take one import through its steps: see `Activities`. */
export function importStepActivities(dependencies: Dependencies): Steps {
  const { store, events = untold, trace = untraced } = dependencies;

  /** What a database says while rows pass goes into the log, here and nowhere else. */
  async function noting<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const said = databaseMessageOf(error);
      // The store may be what failed; the import's sentence says so anyway.
      if (said !== null) await noteDatabaseMessage(store, key, said).catch(() => undefined);
      throw error;
    }
  }

  async function staged(key: string, signal: AbortSignal): Promise<StagedWork> {
    const work = await readOpenImport(store, key);
    return { ...work, staging: work.staging ?? (await stageImport(dependencies, key, signal)) };
  }

  async function planned(key: string, signal: AbortSignal): Promise<{ work: StagedWork; chunks: number }> {
    const work = await staged(key, signal);
    return { work, chunks: await planImport(store, work) };
  }

  /** Applies chunks until there is none to take; several lanes may do so at once. */
  async function applyLane(work: StagedWork, signal: AbortSignal): Promise<void> {
    const began = performance.now();
    const ref = refOf(work);
    const lane = { chunks: 0, rows: 0 };
    const applyNext = () =>
      trace.span('inlet.chunk', spanAttributes(ref), async (note) =>
        applyNextChunk(store, work, (applied) => {
          const { query, chunk, rows, counts } = applied;
          lane.chunks += 1;
          lane.rows += rows;
          note({
            'inlet.query': query,
            'inlet.chunk': chunk,
            'inlet.rows': rows,
            'inlet.failed': counts.failed,
          });
          events.chunkApplied(ref, applied);
        }),
      );
    do {
      while (await applyNext()) signal.throwIfAborted();
      signal.throwIfAborted();
    } while (!(await isStopped(store.pool, work)) && (await waitForHeldChunks(store, work.key)));
    if (lane.chunks > 0) events.laneEnded(ref, { ...lane, seconds: secondsSince(began) });
  }

  /** Runs a step; if the staged rows are lost and none of them was applied, stages and plans again and goes on. */
  async function restaging<T>(key: string, signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof StagingLost) || !(await forgetStaging(store, key, error.table))) throw error;
      await planned(key, signal);
      return await step();
    }
  }

  return {
    stageQuery: (key) =>
      whileHeartbeating((signal) =>
        noting(key, async () => {
          const { rows, relationships } = await stageImport(dependencies, key, signal);
          return { rows, ...(relationships !== null && { relationships: relationships.rows }) };
        }),
      ),

    planChunks: (key) =>
      whileHeartbeating((signal) =>
        noting(key, () =>
          restaging(key, signal, async () => {
            const began = performance.now();
            const { chunks } = await trace.span('inlet.plan', {}, async (note) => {
              const { work, chunks } = await planned(key, signal);
              note({ ...spanAttributes(refOf(work)), 'inlet.chunks': chunks });
              events.planned(refOf(work), { chunks, seconds: secondsSince(began) });
              return { chunks };
            });
            return { chunks, lanes: Math.min(MAX_LANES, chunks) };
          }),
        ),
      ),

    applyChunks: (key) =>
      whileHeartbeating((signal) =>
        noting(key, () =>
          restaging(key, signal, async () => {
            const { work } = await planned(key, signal);
            await applyLane(work, signal);
          }),
        ),
      ),

    closeImport: ({ key, ending }) =>
      whileHeartbeating(async () => {
        const ended = await trace.span('inlet.close', {}, async (note) => {
          const closed = await closeImport(store, key, endOf(ending));
          const { status, counts } = closed;
          note({ ...spanAttributes(closed), 'inlet.status': status, 'inlet.rows': counts.rows });
          return closed;
        });
        tellEnd(events, ended);
        // Its own, and what lost attempts and abandoned imports left. What can't be dropped now is swept later.
        await sweepStaging(store).catch(() => 0);
        return withCounts(ended);
      }),

    async logUnopened({ input, status, reason, intervals }) {
      const ended = await logUnopened(store, { ...input, status, reason, intervals });
      tellEnd(events, ended);
      return ended.counts.rows > 0 ? withCounts(ended) : resultOf(ended);
    },
  };
}

function endOf(ending: Ending): End {
  if (ending.kind === 'applied') return { status: 'applied' };
  return { status: ending.kind === 'failed' ? 'Failed' : 'Canceled', reason: ending.reason };
}

function withCounts(ended: Ended): ImportResult {
  const { counts, relationships } = ended;
  return { ...resultOf(ended), counts, ...(relationships !== null && { relationships }) };
}

function resultOf(ended: Ended): ImportResult {
  return {
    number: ended.number,
    nextNumber: ended.nextNumber,
    status: ended.status,
    endedAt: ended.endedAt.getTime(),
    ...(ended.reason !== null && { reason: ended.reason }),
    ...(ended.lastSyncTime !== null && { lastSyncTime: ended.lastSyncTime }),
  };
}
