import {
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { ExternalWorkflowHandle } from '@temporalio/workflow';
import type { UnopenedImport } from '../activities/activities.js';
import { acceptInStore, refuseNoNumber } from './accept-import.js';
import { activity } from './activity-policies.js';
import { checkAndSave, refuseForeign } from './define-sync.js';
import { syncDetails } from './details.js';
import { followImport } from './follow-import.js';
import { isFull, isLong } from './history-length.js';
import { ignoreClosed } from './ignore-closed.js';
import { inTurn } from './in-turn.js';
import { logUnopened } from './log-unopened.js';
import * as messages from './messages.js';
import type {
  Accepted,
  AcceptRequest,
  DefineRequest,
  ImportInput,
  SyncInput,
  SyncState,
  TriggerRequest,
  Triggered,
} from './messages.js';
import { refusal } from './refusal.js';
import { PublishedStatus } from './search-attributes.js';
import * as sync from './sync-state.js';

const DEFINE = 'Check a definition with a worker and put it in force, as inlet apply does';

/** One sync, for as long as it is defined: imports on its schedule, and what users ask of it. */
export async function SyncWorkflow(input: SyncInput): Promise<void> {
  const state = input.state ?? (await firstDefinition(input));
  if (state) await runSync(input, state);
}

/** Other messages wait until there is a definition. A sync that was only ever refused ends here. */
async function firstDefinition(input: SyncInput): Promise<SyncState | undefined> {
  let state: SyncState | undefined;
  let asked = false;
  const oneByOne = inTurn();
  setHandler(
    messages.define,
    async (request) => {
      asked = true;
      const { answer, ...defined } = await oneByOne(() => checkAndSave(request));
      state = sync.withDefinition(state, request, defined, Date.now());
      return answer;
    },
    {
      description: DEFINE,
      validator: (request: DefineRequest) => refuseForeign(input, request),
    },
  );
  await condition(() => asked && allHandlersFinished());
  return state;
}

async function runSync(input: SyncInput, carried: SyncState): Promise<void> {
  // Carried over continue-as-new.
  let state = carried;

  // Not carried: it continues as new only while there is no import, no unfinished update and nothing unlogged.
  let current: sync.CurrentImport | undefined;
  let toTell: ((run: ExternalWorkflowHandle) => Promise<void>)[] = [];
  const unlogged: UnopenedImport[] = [];
  let deletion: 'none' | 'asked' | 'done' = 'none';

  const published = new PublishedStatus(input);

  // What changes what the store has of the sync: the last answer must be the newest.
  const oneByOne = inTurn();
  setHandler(
    messages.define,
    async (request) => {
      const { answer, ...defined } = await oneByOne(() => checkAndSave(request));
      state = sync.withDefinition(state, request, defined, Date.now());
      show();
      return answer;
    },
    {
      description: DEFINE,
      validator: (request: DefineRequest) => {
        refuseForeign(input, request);
        refuseWhenDeleted();
      },
    },
  );
  setHandler<Accepted, [AcceptRequest], typeof messages.acceptImport>(
    messages.acceptImport,
    async (request) => {
      const accepted = await oneByOne(() => acceptInStore(input, request));
      sync.noteAccepted(state, accepted);
      show();
      return { ...accepted, ...(current && { startedBefore: current.input.number }) };
    },
    {
      description: 'Move last_sync_time past an import whose failed rows are taken as they are',
      validator: (request) => {
        refuseNoNumber(request);
        refuseWhenDeleted();
      },
    },
  );
  setHandler<Triggered, [TriggerRequest], typeof messages.trigger>(messages.trigger, trigger, {
    description: 'Import now, paused or not; one at most is queued',
    validator: refuseWhenDeleted,
  });
  setHandler(messages.pause, pause, { description: 'Let intervals pass without an import' });
  setHandler(messages.resume, resume, { description: 'Go on with the next scheduled interval' });
  setHandler(messages.cancelImport, () => cancelImport(), {
    description: 'Cancel the import that runs or is queued; gives its number',
  });
  setHandler(messages.deleteSync, deleteSync, {
    description: 'Cancel the running import and end the sync; nothing imported is touched',
  });
  setHandler(messages.importGranted, noteGrant, {
    description: 'From the mutex: the import of this sync has the workspace',
  });
  setHandler(messages.syncStatus, () => sync.statusOf(state, current, Date.now()), {
    description: 'What the sync does, its schedule, last_sync_time and last imports',
  });

  try {
    while (!isDeleted()) await takeNextStep();
  } catch (error) {
    // Canceled in Temporal: whoever triggered an import that waits here was told its number.
    if (isCancellation(error)) {
      const logDropped = () => logWhatNeverRan(sync.dropTrigger(state, 'its sync was canceled'));
      await CancellationScope.nonCancellable(logDropped);
    }
    throw error;
  }
  await logWhatNeverRan(sync.dropTrigger(state, 'its sync was deleted'));
  await activity(
    input.workspace,
    'forgetSync',
    'forget its last_sync_time',
  )({
    workspace: input.workspace,
    sync: input.sync,
  });
  deletion = 'done';
  show();
  await condition(() => allHandlersFinished() && published.settled);

  async function takeNextStep(): Promise<void> {
    await waitUntilDue();
    await logWhatNeverRan();
    if (isLong()) {
      await condition(() => (allHandlersFinished() && published.settled) || isDeleted());
      if (isQuiet()) await beginNewRun({ ...input, searchable: true, state });
    } else {
      const { run, missed } = sync.takeNextRun(state, Date.now());
      await logWhatNeverRan(missed);
      if (run) await carryOut(input.searchable ? { ...run, searchable: true } : run);
    }
  }

  async function waitUntilDue(): Promise<void> {
    show();
    const at = sync.nextRunAt(state);
    const moved = () => sync.nextRunAt(state) !== at;
    await waitFor(
      () => isDeleted() || isLong() || moved() || state.triggered !== undefined || unlogged.length > 0,
      at,
      'next run',
    );
  }

  /** Runs one import to its end, meanwhile telling it what users ask, and logging the intervals that it overruns. */
  async function carryOut(run: ImportInput): Promise<void> {
    const following: sync.CurrentImport = { input: run, full: run.full };
    current = following;
    toTell = [];
    show();
    const handle = getExternalWorkflowHandle(idOf(run));
    const { result } = await followImport(run);
    void result.then((ended) => (following.result = ended), ignoreCancellation);

    const hasEnded = () => following.result !== undefined;
    // A history that is full grows no more: what is overrun then becomes one entry when the import has ended.
    const overrunAt = () => (isFull() ? undefined : sync.nextOverrunAt(state));
    while (!hasEnded()) {
      const at = overrunAt();
      const somethingToDo = () =>
        hasEnded() || toTell.length > 0 || unlogged.length > 0 || overrunAt() !== at;
      await waitFor(somethingToDo, at, 'next interval, if this import still runs then');
      for (const tell of toTell.splice(0)) await tell(handle).catch(ignoreClosed);
      await logWhatNeverRan(hasEnded() ? undefined : sync.takeOverruns(state, following, Date.now()));
    }
    const ended = await result;
    await logWhatNeverRan(sync.takeOverruns(state, following, ended.endedAt));
    sync.noteEnd(state, following, ended);
    current = undefined;
  }

  function trigger({ full }: TriggerRequest): Triggered {
    const { tellFull, ...triggered } = sync.queueTrigger(state, current, full, Date.now());
    if (tellFull) toTell.push((run) => run.signal(messages.runInFull));
    show();
    return triggered;
  }

  function pause({ reason }: { reason: string }): void {
    sync.pauseNow(state, reason, Date.now());
    withdrawQueued(reason === '' ? 'paused' : `paused: ${reason}`);
    show();
  }

  function resume(): void {
    sync.resumeNow(state, Date.now());
    show();
  }

  async function deleteSync(): Promise<void> {
    deletion = 'asked';
    cancelImport();
    await condition(() => deletion === 'done');
  }

  function noteGrant({ importId, grantedAt }: { importId: string; grantedAt: number }): void {
    if (current && importId === idOf(current.input)) sync.noteGrant(state, current, grantedAt);
    show();
  }

  function cancelImport(): number | null {
    if (!current) return dropTrigger('canceled');
    toTell.push((run) => run.cancel());
    return current.input.number;
  }

  function withdrawQueued(reason: string): void {
    if (current && sync.isQueued(current)) toTell.push((run) => run.signal(messages.withdraw, { reason }));
    dropTrigger(reason);
  }

  function dropTrigger(reason: string): number | null {
    const dropped = sync.dropTrigger(state, reason);
    if (dropped) unlogged.push(dropped);
    return dropped?.input.number ?? null;
  }

  async function logWhatNeverRan(entry?: UnopenedImport): Promise<void> {
    if (entry) unlogged.push(entry);
    for (; unlogged[0]; unlogged.shift()) sync.noteResult(state, await logUnopened(unlogged[0]));
    show();
  }

  function show(): void {
    const status = sync.statusOf(state, current, Date.now());
    setCurrentDetails(syncDetails(status));
    if (input.searchable) published.show(deletion === 'done' ? 'deleted' : status.activity);
  }

  function isDeleted(): boolean {
    return deletion !== 'none';
  }

  function isQuiet(): boolean {
    return !isDeleted() && unlogged.length === 0 && published.settled && allHandlersFinished();
  }

  function refuseWhenDeleted(): void {
    if (isDeleted()) throw refusal('DefinitionRefused', `sync ${input.sync} is being deleted`);
  }
}

const idOf = ({ definition: { workspace, sync: name }, number }: ImportInput) =>
  messages.importId(workspace, name, number);

/** Waits for `wake`, at most until a moment on Temporal's clock. */
async function waitFor(wake: () => boolean, until: number | undefined, summary: string): Promise<void> {
  const remaining = until === undefined ? undefined : until - Date.now();
  if (remaining === undefined) await condition(wake);
  else if (remaining > 0) await condition(wake, remaining, { summary });
}

/** Search attributes would be handed on although the namespace may have lost them; the new run sets its own. */
function beginNewRun(input: SyncInput): Promise<never> {
  return makeContinueAsNewFunc<typeof SyncWorkflow>({ typedSearchAttributes: [] })(input);
}

/** When the sync itself is cancelled, its main loop ends it. */
function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
