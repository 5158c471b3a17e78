import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { ExternalWorkflowHandle } from '@temporalio/workflow';
import { activity } from './activity-policies.js';
import { mutexDetails, summary } from './details.js';
import { failedWith } from './failure-sentence.js';
import { isLong } from './history-length.js';
import {
  busy,
  granted,
  importGranted,
  mutexState,
  releaseWorkspace,
  requestWorkspace,
  withdrawRequest,
} from './messages.js';
import type { MutexInput, MutexRequest, MutexState } from './messages.js';

/**
 * Grants a workspace to one import after the other. It is free again only once the holder's workflow is seen to have
 * closed, in whatever way: no signal frees it, so an import that is lost frees it and one that only seems done does not.
 */
export async function WorkspaceMutexWorkflow({ workspace, state, look }: MutexInput): Promise<void> {
  // Carried over continue-as-new. Whether the holder was being looked at is not: a new run looks by itself.
  let holder = state?.holder;
  const queue: MutexRequest[] = state?.queue ?? [];

  let holderAsksAgain = false;
  let lookNow = look === true;

  setHandler(
    requestWorkspace,
    (request) => {
      if (request.importId === holder) holderAsksAgain = true;
      else if (!queue.some(({ importId }) => importId === request.importId)) queue.push(request);
      show();
    },
    { description: 'An import asks for the workspace; repeated, it is the same request' },
  );
  setHandler(
    releaseWorkspace,
    ({ importId }) => {
      if (importId === holder) lookNow = true;
    },
    { description: 'Look now whether the holder has closed; a signal alone frees nothing' },
  );
  setHandler(withdrawRequest, ({ importId }) => void remove(importId), {
    description: 'Take a request out of the queue',
  });
  setHandler(mutexState, now, { description: 'Who has the workspace, and who waits for it' });

  for (;;) {
    show();
    await condition(() => queue.length > 0 || lookNow || holderAsksAgain || isLong());

    if (isLong()) return await continueAsNew<typeof WorkspaceMutexWorkflow>(nextRun());
    await takeNextStep();
  }

  async function takeNextStep(): Promise<void> {
    if (holder === undefined) await grantNext();
    else if (holderAsksAgain) await grantAgain(holder);
    else if (queue.some(wontWait)) await answerThoseWhoWontWait(holder);
    else await watch(holder);
  }

  /** A requester that is gone when its turn comes is passed over. */
  async function grantNext(): Promise<void> {
    lookNow = false;
    const next = queue.shift();
    if (!next) return;
    const { importId, sync } = next;
    holder = importId;
    if (!(await tell(importId, (requester) => requester.signal(granted)))) holder = undefined;
    else if (sync) await tell(sync, (it) => it.signal(importGranted, { importId, grantedAt: Date.now() }));
  }

  /** The grant may have been lost on its way, or undone by a reset of the import. */
  async function grantAgain(importId: string): Promise<void> {
    holderAsksAgain = false;
    if (!(await tell(importId, (requester) => requester.signal(granted)))) lookNow = true;
  }

  /** They hear `busy` only after a look at the holder, which may have closed unseen. */
  async function answerThoseWhoWontWait(holding: string): Promise<void> {
    const asking = queue.filter(wontWait);
    if (await isClosed(holding)) holder = undefined;
    else await Promise.all(asking.map(({ importId }) => answerBusy(importId, holding)));
  }

  async function answerBusy(importId: string, holding: string): Promise<void> {
    if (remove(importId)) await tell(importId, (requester) => requester.signal(busy, { holder: holding }));
  }

  /** Looks every few seconds until the holder has closed, without a trace in the history, and anew on a release. */
  async function watch(holding: string): Promise<void> {
    lookNow = false;
    await CancellationScope.cancellable(async () => {
      const look = activity(workspace, 'awaitClosed', summary(`look whether ${holding} has closed`));
      const closed = look(holding).then(() => void (holder = undefined));
      const interrupted = () => lookNow || holderAsksAgain || queue.some(wontWait) || isLong();
      await Promise.race([closed, condition(interrupted)]);
      CancellationScope.current().cancel();
    });
  }

  async function isClosed(importId: string): Promise<boolean> {
    const look = activity(workspace, 'awaitClosed', summary(`look at ${importId}`), ['StillRunning']);
    try {
      await look(importId);
      return true;
    } catch (error) {
      if (failedWith(error, 'StillRunning')) return false;
      throw error;
    }
  }

  function show(): void {
    setCurrentDetails(mutexDetails(now()));
  }

  function nextRun(): MutexInput {
    return { workspace, state: now(), ...(holder !== undefined && { look: true }) };
  }

  function now(): MutexState {
    return { ...(holder !== undefined && { holder }), queue };
  }

  function remove(importId: string): boolean {
    const place = queue.findIndex((request) => request.importId === importId);
    return place >= 0 && queue.splice(place, 1).length > 0;
  }
}

const wontWait = ({ whenBusy }: MutexRequest) => whenBusy === 'skip';

/** @returns false if nobody is there to hear it */
async function tell(
  importId: string,
  say: (requester: ExternalWorkflowHandle) => Promise<void>,
): Promise<boolean> {
  try {
    await say(getExternalWorkflowHandle(importId));
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
