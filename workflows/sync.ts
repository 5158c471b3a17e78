import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExternalWorkflowHandle } from '@temporalio/workflow';
import type { UnopenedImport } from '../activities/activities.js';
import { activity } from './activity-policies.js';
import { oneAtATime, refusal, refuseForeign } from './define-sync.js';
import { syncDetails } from './details.js';
import { followImport } from './follow-import.js';
import { ignoreClosed } from './ignore-closed.js';
import { logUnopened } from './log-unopened.js';
import * as messages from './messages.js';
import type {
  DefineRequest,
  ImportInput,
  SyncInput,
  SyncState,
  SyncStatus,
  TriggerRequest,
  Triggered,
} from './messages.js';
import * as sync from './sync-state.js';

/** One sync, for as long as it is defined: imports on its schedule, and what users ask of it. */
export async function SyncWorkflow(input: SyncInput): Promise<void> {
  const state = input.state ?? (await firstDefinition(input));
  if (state) await runSync(input, state);
}

/** Other messages wait until there is a definition. A sync that was only ever refused ends here. */
async function firstDefinition(input: SyncInput): Promise<SyncState | undefined> {
  let state: SyncState | undefined;
  let asked = false;
  const checkAndSave = oneAtATime();
  setHandler(
    messages.define,
    async (request) => {
      asked = true;
      const { answer, ...defined } = await checkAndSave(request);
      state = sync.withDefinition(state, request, defined, Date.now());
      return answer;
    },
    { validator: (request: DefineRequest) => refuseForeign(input, request) },
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

  const checkAndSave = oneAtATime();
  setHandler(
    messages.define,
    async (request) => {
      const { answer, ...defined } = await checkAndSave(request);
      state = sync.withDefinition(state, request, defined, Date.now());
      show();
      return answer;
    },
    {
      validator: (request: DefineRequest) => {
        refuseForeign(input, request);
        refuseWhenDeleted();
      },
    },
  );
  setHandler<Triggered, [TriggerRequest], typeof messages.trigger>(messages.trigger, trigger, {
    validator: refuseWhenDeleted,
  });
  setHandler(messages.pause, ({ reason }) => {
    sync.pauseNow(state, reason, Date.now());
    withdrawQueued(reason === '' ? 'paused' : `paused: ${reason}`);
    show();
  });
  setHandler(messages.resume, () => {
    sync.resumeNow(state, Date.now());
    show();
  });
  setHandler(messages.cancelImport, () => cancelImport());
  setHandler(messages.deleteSync, async () => {
    deletion = 'asked';
    cancelImport();
    await condition(() => deletion === 'done');
  });
  setHandler(messages.importGranted, ({ importId, grantedAt }) => {
    if (current && importId === idOf(current.input)) sync.noteGrant(state, current, grantedAt);
    show();
  });
  setHandler(messages.syncStatus, status);

  while (!isDeleted()) {
    await waitUntilDue();
    await logWhatNeverRan();
    if (isFull()) {
      await condition(() => allHandlersFinished() || isDeleted());
      if (isQuiet()) await continueAsNew<typeof SyncWorkflow>({ ...input, state });
    } else {
      const { run, missed } = sync.takeNextRun(state, Date.now());
      await logWhatNeverRan(missed);
      if (run) await carryOut(run);
    }
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
  await condition(allHandlersFinished);

  async function waitUntilDue(): Promise<void> {
    show();
    const at = sync.nextRunAt(state);
    const moved = () => sync.nextRunAt(state) !== at;
    await waitFor(
      () => isDeleted() || isFull() || moved() || state.triggered !== undefined || unlogged.length > 0,
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

  function status(): SyncStatus {
    const at = sync.nextRunAt(state);
    return {
      definition: state.definition,
      activity: current
        ? sync.isQueued(current)
          ? 'queued'
          : 'importing'
        : state.paused
          ? 'paused'
          : 'waiting',
      paused: state.paused,
      currentImport: current?.input.number ?? state.triggered?.number,
      nextRunAt: at !== undefined && current && at <= Date.now() ? undefined : at,
      lastSyncTime: state.lastSyncTime,
      recent: state.recent,
    };
  }

  function show(): void {
    setCurrentDetails(syncDetails(status()));
  }

  function isDeleted(): boolean {
    return deletion !== 'none';
  }

  function isQuiet(): boolean {
    return !isDeleted() && unlogged.length === 0 && allHandlersFinished();
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

function isFull(): boolean {
  return workflowInfo().continueAsNewSuggested;
}

/** When the sync itself is cancelled, its main loop ends it. */
function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
