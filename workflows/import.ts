import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Ending, ImportKey, OpenedImport, UnopenedImport } from '../activities/activities.js';
import { activity } from './activity-policies.js';
import { endingLine, importDetails } from './details.js';
import { failedWith, failureSentence } from './failure-sentence.js';
import { ignoreClosed } from './ignore-closed.js';
import { logUnopened } from './log-unopened.js';
import { publishStatus } from './search-attributes.js';
import {
  busy,
  describeImport,
  granted,
  mutexId,
  releaseWorkspace,
  runInFull,
  withdraw,
  withdrawRequest,
} from './messages.js';
import type { ImportInput, ImportResult } from './messages.js';

type Answer =
  | { kind: 'granted' }
  | { kind: 'busy'; holder: string }
  | { kind: 'withdrawn'; reason: string }
  | { kind: 'failed'; reason: string };

/**
 * One import of one sync: asks for the workspace, and once it is granted copies the query's result, plans chunks, and
 * applies them. Whatever goes wrong is in its result; it fails only if Temporal loses it.
 */
export async function ImportWorkflow(input: ImportInput): Promise<ImportResult> {
  const { workspace, sync } = input.definition;
  const { workflowId, parent } = workflowInfo();
  const mutex = getExternalWorkflowHandle(mutexId(workspace));
  let answer: Answer | undefined;
  let full = input.full;

  setHandler(granted, () => void (answer ??= { kind: 'granted' }), {
    description: 'From the mutex: the workspace is yours',
  });
  setHandler(busy, ({ holder }) => void (answer ??= { kind: 'busy', holder }), {
    description: 'From the mutex: another import has the workspace',
  });
  setHandler(withdraw, ({ reason }) => void (answer ??= { kind: 'withdrawn', reason }), {
    description: 'End as Canceled, unless the workspace is granted already',
  });
  setHandler(runInFull, () => void (full ||= answer === undefined), {
    description: 'Run with last_sync_time 0, unless the workspace is granted already',
  });

  try {
    enter('waiting for the workspace');
    const given = await askForWorkspace();
    if (given.kind === 'granted') return ended(await runWithWorkspace());
    if (given.kind === 'busy') return ended(await neverOpened('Skipped', hasWorkspace(given.holder)));
    if (given.kind === 'failed') return ended(await neverOpened('Failed', given.reason));
    await withdrawFromMutex();
    return ended(await neverOpened('Canceled', given.reason));
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return await CancellationScope.nonCancellable(async () => {
      await withdrawFromMutex();
      return ended(await neverOpened('Canceled', 'canceled while it waited for the workspace'));
    });
  }

  /** Asks until there is an answer. Temporal asks again every 20 s, which leaves no trace in the history. */
  async function askForWorkspace(): Promise<Answer> {
    const asking = new CancellationScope();
    const ask = activity(workspace, 'askForWorkspace', `ask for workspace ${workspace}`);
    const request = { importId: workflowId, whenBusy: input.whenBusy, sync: parent?.workflowId };
    void asking
      .run(() => ask({ workspace, request }))
      .catch((error: unknown) => {
        if (!isCancellation(error)) answer ??= { kind: 'failed', reason: failureSentence(error) };
      });
    while (answer === undefined) await condition(() => answer !== undefined);
    asking.cancel();
    return answer;
  }

  async function runWithWorkspace(): Promise<ImportResult> {
    const grantedAt = Date.now();
    try {
      const opened = await openImport(grantedAt);
      const result = 'key' in opened ? await runOpened(opened) : opened;
      return { ...result, grantedAt, ...(full && { full }) };
    } finally {
      if (!isFollowed()) await CancellationScope.nonCancellable(release);
    }
  }

  /** Opens the import in the log; one that can't be opened is written there all the same. */
  async function openImport(grantedAt: number): Promise<OpenedImport | ImportResult> {
    enter('opening');
    const skips = input.whenBusy === 'skip';
    const open = activity(workspace, 'openImport', 'open it in the log', skips ? ['WorkspaceTaken'] : []);
    try {
      return await open({ ...withFull(), grantedAt });
    } catch (error) {
      return await CancellationScope.nonCancellable(() => {
        if (isCancellation(error)) return neverOpened('Canceled', 'canceled');
        const status = failedWith(error, 'WorkspaceTaken') ? 'Skipped' : 'Failed';
        return neverOpened(status, failureSentence(error));
      });
    }
  }

  async function runOpened({ key, searchable }: OpenedImport): Promise<ImportResult> {
    if (input.searchable && searchable) publishStatus({ workspace, sync }, 'Running');
    const ending = await stageAndApply(key);
    return await CancellationScope.nonCancellable(async () => {
      enter('closing');
      try {
        return await activity(workspace, 'closeImport', `close it: ${ending.kind}`)({ key, ending });
      } catch (error) {
        return {
          number: input.number,
          status: 'Failed',
          reason: failureSentence(error),
          endedAt: Date.now(),
        };
      }
    });
  }

  async function stageAndApply(key: ImportKey): Promise<Ending> {
    const { database } = input.definition;
    try {
      enter(`copying the query's result from ${database}`);
      const staged = await activity(workspace, 'stageQuery', `copy the query's result from ${database}`)(key);
      const rows = staged.rows + (staged.relationships ?? 0);
      enter(`planning chunks of ${rows.toLocaleString('en-US')} rows`);
      const { chunks, lanes } = await activity(workspace, 'planChunks', `plan chunks of ${rows} rows`)(key);
      enter(`applying ${rows.toLocaleString('en-US')} rows in ${chunks} chunks, ${lanes} at a time`);
      await applyInLanes(key, lanes);
      return { kind: 'applied' };
    } catch (error) {
      return isCancellation(error)
        ? { kind: 'canceled', reason: 'canceled' }
        : { kind: 'failed', reason: failureSentence(error) };
    }
  }

  /** All lanes have stopped when this returns or throws: nothing may still apply chunks while the import is closed. */
  async function applyInLanes(key: ImportKey, lanes: number): Promise<void> {
    const failures: unknown[] = [];
    await CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      const lane = async (_: unknown, index: number) => {
        try {
          await activity(workspace, 'applyChunks', `apply chunks, lane ${index + 1} of ${lanes}`)(key);
        } catch (error) {
          failures.push(error);
          scope.cancel();
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
    });
    if (failures.length > 0) throw failures[0];
  }

  function neverOpened(status: UnopenedImport['status'], reason: string): Promise<ImportResult> {
    return logUnopened({ input: withFull(), status, reason, intervals: 1 });
  }

  async function withdrawFromMutex(): Promise<void> {
    await mutex.signal(withdrawRequest, { importId: workflowId }).catch(ignoreClosed);
  }

  async function release(): Promise<void> {
    await mutex.signal(releaseWorkspace, { importId: workflowId }).catch(ignoreClosed);
  }

  function withFull(): ImportInput {
    return { ...input, full, lastSyncTime: full ? 0 : input.lastSyncTime };
  }

  function enter(phase: string): void {
    setCurrentDetails(importDetails(input, { phase, full }));
  }

  /** The schedule counts from its end on Temporal's clock; the store's may be another. */
  function ended(told: ImportResult): ImportResult {
    const result = { ...told, endedAt: Date.now() };
    enter(endingLine(result));
    if (input.searchable && result.searchable) publishStatus({ workspace, sync }, result.status);
    return result;
  }

  /** Whether a sync tells the mutex of the end. */
  function isFollowed(): boolean {
    return input.searchable === true && parent !== undefined;
  }
}

function hasWorkspace(holder: string): string {
  return `${describeImport(holder)} had the workspace`;
}
