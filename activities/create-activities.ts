import { CancelledFailure, Context, log } from '@temporalio/activity';
import { acceptImport } from '../store/accept-import.js';
import { forgetSync } from '../store/workspaces.js';
import type { Activities } from './activities.js';
import { defineSyncActivity } from './define-sync.js';
import type { Dependencies } from './dependencies.js';
import { importStepActivities } from './import-steps.js';
import { openImportActivity } from './open-import.js';
import { searchAttributesOf } from './search-attributes.js';
import { isUnexpected, translateError } from './translate-error.js';
import { workspaceTurnActivities } from './workspace-turn.js';

/** Makes the activities of one workspace. Whatever they throw is an ApplicationFailure of a known type. */
export function createActivities(dependencies: Dependencies): Activities {
  const steps = importStepActivities(dependencies);
  const turns = workspaceTurnActivities(dependencies);
  const exist = searchAttributesOf(dependencies.client);
  const open = openImportActivity(dependencies);
  return {
    defineSync: translated(defineSyncActivity(dependencies)),
    askForWorkspace: translated(turns.askForWorkspace),
    awaitClosed: translated(turns.awaitClosed),
    openImport: translated(async (opening) => {
      const opened = await open(opening);
      return searchableIf(await exist(), opened);
    }),
    stageQuery: translated(steps.stageQuery),
    planChunks: translated(steps.planChunks),
    applyChunks: translated(steps.applyChunks),
    closeImport: translated(async (closing) => {
      const result = await steps.closeImport(closing);
      return searchableIf(await exist(), result);
    }),
    logUnopened: translated(async (entry) => {
      const result = await steps.logUnopened(entry);
      return searchableIf(await exist(), result);
    }),
    searchAttributesExist: exist,
    acceptImport: translated((ref) => acceptImport(dependencies.store, ref)),
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

/** The last that is asked before the workflow goes on: what it sets then must be there. */
function searchableIf<Result extends { searchable?: true }>(exist: boolean, result: Result): Result {
  return exist ? { ...result, searchable: true } : result;
}

const same = (error: unknown) => error;
