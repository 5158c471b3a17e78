import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  QueryNotRegisteredError,
  QueryRejectedError,
  WithStartWorkflowOperation,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type WorkflowHandle,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { WorkflowNotFoundError, type UpdateDefinition } from '@temporalio/common';
import {
  define,
  mutexId,
  syncId,
  syncStatus,
  type Defined,
  type DefineRequest,
  type SyncStatus,
} from '../workflows/messages.js';
import type { SyncWorkflow } from '../workflows/index.js';
import { CommandError, exitCodes } from './exit.js';
import { refuseWithoutKeys } from './same-keys.js';
import { patienceMs, type Temporal } from './temporal.js';
import { isWithoutPoller } from './temporal-error.js';

/** How long a worker may take to take what it is asked, and then to do it. */
const answerWithinMs = 4_000;
const resultWithinMs = 120_000;

/** What is wrong with a worker that takes work up again and again is for its log to say. */
export const ONE_HAS_TRIED = 'One has tried to, and could not: its log says why.';

/** No worker answered; if something was sent, with a sentence on what may become of it. */
export class NoWorkerAnswered extends CommandError {
  readonly tried: boolean;

  /** @param tried whether Temporal says that a worker has taken it up, and could not go on */
  constructor(asked: 'a question' | 'a change', tried: boolean, cause: unknown) {
    const after = asked === 'a change' ? ' What was sent may still be done when a worker comes.' : '';
    const fix = tried
      ? ONE_HAS_TRIED
      : 'Start one with "inlet worker"; one that has just started may need some seconds.';
    super(`No worker answered. ${fix}${after}`, exitCodes.failed, cause);
    this.tried = tried;
  }
}

const notRunning = {
  never: (sync: string) => `The sync "${sync}" is not applied. "inlet apply ${sync}" starts it.`,
  ended: (sync: string) =>
    `The sync "${sync}" does not run: its definition was refused, it was deleted, or its workflow was terminated. "inlet apply ${sync}" starts it.`,
  'not yet': (sync: string) =>
    `The sync "${sync}" is being checked by a worker, and does not run yet. Try again.`,
};

/** There is no open workflow of this sync, or none with a definition. */
export class SyncNotRunning extends CommandError {
  constructor(sync: string, why: keyof typeof notRunning, cause: unknown) {
    super(notRunning[why](sync), exitCodes.failed, cause);
  }
}

/** The entity workflow of one sync, as commands talk to it. */
export class SyncHandle {
  readonly #temporal: Temporal;
  readonly #workspace: string;
  readonly #sync: string;

  constructor(temporal: Temporal, workspace: string, sync: string) {
    this.#temporal = temporal;
    this.#workspace = workspace;
    this.#sync = sync;
  }

  get #handle(): WorkflowHandle {
    return this.#temporal.client.workflow.getHandle(syncId(this.#workspace, this.#sync));
  }

  /**
   * Starts the sync, or updates the one that runs. Repeating it does no harm.
   *
   * @throws as `update`
   */
  async define(request: DefineRequest): Promise<Defined> {
    const start = new WithStartWorkflowOperation<typeof SyncWorkflow>('SyncWorkflow', {
      workflowId: syncId(this.#workspace, this.#sync),
      taskQueue: this.#temporal.taskQueue,
      args: [{ workspace: this.#workspace, sync: this.#sync, searchable: true }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    // That the start failed is told by the update as well.
    start.workflowHandle().catch(() => undefined);
    return this.#result(() =>
      this.#temporal.client.workflow.startUpdateWithStart(define, {
        args: [request],
        waitForStage: 'ACCEPTED',
        startWorkflowOperation: start,
      }),
    );
  }

  /** @throws NoWorkerAnswered after about four seconds, SyncNotRunning */
  async status(withinMs = this.#patience()): Promise<SyncStatus> {
    try {
      const status = await this.#within(withinMs, () => this.#handle.query(syncStatus));
      this.#temporal.workerAnswered = true;
      return status;
    } catch (error) {
      if (isUnanswered(error)) throw new NoWorkerAnswered('a question', await this.#wasTried(), error);
      // A worker without the key can't read the history, and says that nothing is there yet.
      if (error instanceof QueryNotRegisteredError && (await this.#wasTried()))
        throw new NoWorkerAnswered('a question', true, error);
      throw this.#explained(error);
    }
  }

  /** Returns when the server has taken it; whether a worker has is another question. */
  async signal(send: (handle: WorkflowHandle) => Promise<void>): Promise<void> {
    try {
      await this.#refuseWithoutKeys();
      await this.#within(this.#patience(), () => send(this.#handle));
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * @throws NoWorkerAnswered if no worker took it within about four seconds, SyncNotRunning, and WorkflowUpdateFailedError if
   *   it was refused
   */
  async update<Result>(definition: UpdateDefinition<Result>): Promise<Result> {
    return this.#result(() => this.#handle.startUpdate(definition, { waitForStage: 'ACCEPTED' }));
  }

  /** As `update`, with an argument. */
  async updateWith<Result, Argument>(
    definition: UpdateDefinition<Result, [Argument]>,
    argument: Argument,
  ): Promise<Result> {
    return this.#result(() =>
      this.#handle.startUpdate(definition, { waitForStage: 'ACCEPTED', args: [argument] }),
    );
  }

  async #result<Result>(send: () => Promise<WorkflowUpdateHandle<Result>>): Promise<Result> {
    try {
      await this.#refuseWithoutKeys();
      const sent = await this.#within(this.#patience(), send);
      this.#temporal.workerAnswered = true;
      return await this.#within(resultWithinMs, () => sent.result());
    } catch (error) {
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isWithoutPoller(error)) {
        throw new NoWorkerAnswered('a change', await this.#wasTried(), error);
      }
      throw this.#explained(error);
    }
  }

  /** A sync that is new has the keys of those that its workspace has already. */
  #refuseWithoutKeys(): Promise<void> {
    return this.#within(answerWithinMs, () =>
      refuseWithoutKeys(this.#temporal.client, syncId(this.#workspace, this.#sync), mutexId(this.#workspace)),
    );
  }

  /** A worker that can't do its part, as without a key, fails again and again, and Temporal counts. */
  async #wasTried(): Promise<boolean> {
    try {
      const { raw } = await this.#within(1_000, () => this.#handle.describe());
      return (raw.pendingWorkflowTask?.attempt ?? 0) > 1;
    } catch {
      return false;
    }
  }

  #patience(): number {
    return this.#temporal.workerAnswered ? answerWithinMs : patienceMs(2_500, answerWithinMs);
  }

  #within<T>(milliseconds: number, ask: () => Promise<T>): Promise<T> {
    return this.#temporal.client.withDeadline(Date.now() + milliseconds, ask);
  }

  #explained(error: unknown): unknown {
    if (error instanceof WorkflowNotFoundError) {
      const why = /already completed/i.test(error.message) ? 'ended' : 'never';
      return new SyncNotRunning(this.#sync, why, error);
    }
    if (error instanceof QueryRejectedError) return new SyncNotRunning(this.#sync, 'ended', error);
    if (error instanceof QueryNotRegisteredError) return new SyncNotRunning(this.#sync, 'not yet', error);
    return error;
  }
}

/** Which of them a query ends with depends on who gives up first, we or the server. */
function isUnanswered(error: unknown): boolean {
  return isGrpcDeadlineError(error) || isGrpcCancelledError(error) || isWithoutPoller(error);
}
