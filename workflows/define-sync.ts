import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { DefinedSync } from '../activities/activities.js';
import type { FailureType } from '../activities/failures.js';
import { activity } from './activity-policies.js';
import { failureSentence } from './failure-sentence.js';
import type { Defined, DefineRequest, SyncInput } from './messages.js';

/**
 * Has a worker of the workspace check a definition and save it, one after the other where several come at once. A
 * refusal reaches whoever sent it as it was said; then nothing is changed.
 */
export function oneAtATime(): (request: DefineRequest) => Promise<CheckedDefinition> {
  let prior: Promise<unknown> = Promise.resolve();
  return (request) => {
    const checked = prior.then(() => checkAndSave(request));
    prior = checked.catch(() => undefined);
    return checked;
  };
}

interface CheckedDefinition extends DefinedSync {
  /** For whoever sent it. */
  answer: Defined;
}

async function checkAndSave(request: DefineRequest): Promise<CheckedDefinition> {
  const { workspace, sync } = request.definition;
  try {
    const check = activity(workspace, 'defineSync', `check the definition of ${sync} and save it`);
    const defined = await check(request);
    const { warnings, created, columns } = defined;
    return { ...defined, answer: { warnings, created, columns } };
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    if (error.cause instanceof ApplicationFailure) throw error.cause;
    if (error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_START') {
      const start = 'start one with its file (inlet worker --config …)';
      throw refusal('NotServed', `no worker serves workspace ${workspace}: ${start}`);
    }
    throw refusal('StoreUnavailable', `${failureSentence(error)}; try again`);
  }
}

/** A definition must be for the sync that it is sent to. Throws before anything of it is in the history. */
export function refuseForeign({ workspace, sync }: SyncInput, { definition }: DefineRequest): void {
  if (definition.workspace === workspace && definition.sync === sync) return;
  throw refusal(
    'DefinitionRefused',
    `this is ${sync} of workspace ${workspace}, the definition is of ${definition.sync} of ${definition.workspace}`,
  );
}

export function refusal(type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type, nonRetryable: true });
}
