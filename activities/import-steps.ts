import { logUnopened } from '../store/log-unopened.js';
import { closeImport, type End, type Ended } from '../store/end-import.js';
import { waitForHeldChunks } from '../store/held-chunks.js';
import { forgetStaging, noteDatabaseMessage, readOpenImport } from '../store/imports.js';
import { applyNextChunk, isStopped, planImport, StagingLost, type StagedWork } from '../store/ledger.js';
import { sweepStaging } from '../store/staging.js';
import type { ImportResult } from '../workflows/messages.js';
import type { Activities, Ending } from './activities.js';
import type { Dependencies } from './dependencies.js';
import { whileHeartbeating } from './heartbeat.js';
import { stageImport } from './stage-query.js';
import { databaseMessageOf } from './translate-error.js';

/** More than this gains nothing: a chunk keeps one core of the store busy. */
const MAX_LANES = 2;

type Steps = Pick<Activities, 'stageQuery' | 'planChunks' | 'applyChunks' | 'closeImport' | 'logUnopened'>;

/** Makes the activities that take one import through its steps: see `Activities`. */
export function importStepActivities(dependencies: Dependencies): Steps {
  const { store } = dependencies;

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
            const { chunks } = await planned(key, signal);
            return { chunks, lanes: Math.min(MAX_LANES, chunks) };
          }),
        ),
      ),

    applyChunks: (key) =>
      whileHeartbeating((signal) =>
        noting(key, () =>
          restaging(key, signal, async () => {
            const { work } = await planned(key, signal);
            do {
              while (await applyNextChunk(store, work)) signal.throwIfAborted();
              signal.throwIfAborted();
            } while (!(await isStopped(store.pool, work)) && (await waitForHeldChunks(store, key)));
          }),
        ),
      ),

    closeImport: ({ key, ending }) =>
      whileHeartbeating(async () => {
        const ended = await closeImport(store, key, endOf(ending));
        // Its own, and what lost attempts and abandoned imports left. What can't be dropped now is swept later.
        await sweepStaging(store).catch(() => 0);
        return withCounts(ended);
      }),

    async logUnopened({ input, status, reason, intervals }) {
      const ended = await logUnopened(store, { ...input, status, reason, intervals });
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
