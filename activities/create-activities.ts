import { CancelledFailure, Context, log } from '@temporalio/activity';
import { forgetSync } from '../store/workspaces.js';
import type { Activities } from './activities.js';
import { defineSyncActivity } from './define-sync.js';
import type { Dependencies } from './dependencies.js';
import { importStepActivities } from './import-steps.js';
import { openImportActivity } from './open-import.js';
import { isUnexpected, translateError } from './translate-error.js';
import { workspaceTurnActivities } from './workspace-turn.js';

/** Makes the activities of one workspace. Whatever they throw is an ApplicationFailure of a known type. */
export function createActivities(dependencies: Dependencies): Activities {
  const steps = importStepActivities(dependencies);
  const turns = workspaceTurnActivities(dependencies);
  return {
    defineSync: translated(defineSyncActivity(dependencies)),
    askForWorkspace: translated(turns.askForWorkspace),
    awaitClosed: translated(turns.awaitClosed),
    openImport: translated(openImportActivity(dependencies)),
    stageQuery: translated(steps.stageQuery),
    planChunks: translated(steps.planChunks),
    applyChunks: translated(steps.applyChunks),
    closeImport: translated(steps.closeImport),
    logUnopened: translated(steps.logUnopened),
    forgetSync: translated(({ workspace, sync }) => forgetSync(dependencies.store, workspace, sync)),
  };
}

function translated<Input, Output>(
  activity: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output> {
  return async (input) => {
    try {
      return await activity(input);
    } catch (error) {
      // What breaks because the activity was cancelled is not a failure of its own.
      if (error instanceof CancelledFailure || Context.current().cancellationSignal.aborted)
        throw await Context.current().cancelled.catch(same);
      const failure = translateError(error);
      if (isUnexpected(failure))
        log.error('unexpected error', { stack: error instanceof Error ? error.stack : '' });
      throw failure;
    }
  };
}

const same = (error: unknown) => error;
