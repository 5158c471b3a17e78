import { CancelledFailure, Context, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { whereThrown } from '../config/where-thrown.js';
import { acceptImport } from '../store/accept-import.js';
import { forgetSync } from '../store/workspaces.js';
import type { Activities } from './activities.js';
import { keepWatch, lookForAlerts } from './alerting.js';
import { defineSyncActivity } from './define-sync.js';
import { deliverAlertActivity } from './deliver-alert.js';
import type { Dependencies } from './dependencies.js';
import { isBenign, isFailureType } from './failures.js';
import { untold } from './import-events.js';
import { importStepActivities } from './import-steps.js';
import { openImportActivity } from './open-import.js';
import { searchAttributesOf } from './search-attributes.js';
import { isUnexpected, translateError, translateUntilDone } from './translate-error.js';
import { workspaceTurnActivities } from './workspace-turn.js';

/** Makes the activities of one workspace. Whatever they throw is an ApplicationFailure of a known type. */
export function createActivities(dependencies: Dependencies): Activities {
  const translated = translatedFor(dependencies);
  const steps = importStepActivities(dependencies);
  const turns = workspaceTurnActivities(dependencies);
  const exist = searchAttributesOf(dependencies.client);
  const open = openImportActivity(dependencies);
  /** Nobody waits for it: if it does not notice what changed, the worker does within half a minute. */
  const lookSoon = () => void lookForAlerts(dependencies).catch(() => undefined);
  return {
    defineSync: translated(defineSyncActivity(dependencies)),
    askForWorkspace: translated(turns.askForWorkspace),
    awaitClosed: translated(turns.awaitClosed),
    openImport: translated(async (opening) => {
      await keepWatch(dependencies);
      const opened = await open(opening);
      return searchableIf(await exist(), opened);
    }),
    stageQuery: translated(steps.stageQuery),
    planChunks: translated(steps.planChunks),
    applyChunks: translated(steps.applyChunks),
    closeImport: translated(async (closing) => {
      await keepWatch(dependencies);
      const result = await steps.closeImport(closing);
      lookSoon();
      return searchableIf(await exist(), result);
    }, translateUntilDone),
    logUnopened: translated(async (entry) => {
      await keepWatch(dependencies);
      const result = await steps.logUnopened(entry);
      lookSoon();
      return searchableIf(await exist(), result);
    }, translateUntilDone),
    searchAttributesExist: exist,
    acceptImport: translated(async (ref) => {
      const accepted = await acceptImport(dependencies.store, ref);
      lookSoon();
      return accepted;
    }),
    deliverAlert: translated(deliverAlertActivity(dependencies)),
    forgetSync: translated(
      ({ workspace, sync }) => forgetSync(dependencies.store, workspace, sync),
      translateUntilDone,
    ),
  };
}

type Activity<Input, Output> = (input: Input) => Promise<Output>;

/** Makes what says the failures of a workspace's activities in Temporal's words, and tells of them. */
function translatedFor({ file, events = untold }: Dependencies) {
  return <Input, Output>(
      activity: Activity<Input, Output>,
      translate = translateError,
    ): Activity<Input, Output> =>
    async (input) => {
      try {
        return await activity(input);
      } catch (error) {
        // What breaks because the activity was cancelled is not a failure of its own.
        if (error instanceof CancelledFailure || Context.current().cancellationSignal.aborted)
          throw await Context.current().cancelled.catch(same);
        const failure = translate(error);
        if (isUnexpected(failure)) log.error('unexpected error', { stack: whereThrown(error) });
        const type = failure instanceof ApplicationFailure ? failure.type : undefined;
        if (isFailureType(type) && !isBenign(type)) {
          const { activityType } = Context.current().info;
          events.attemptFailed({ workspace: file.settings.name, activity: activityType, type });
        }
        throw failure;
      }
    };
}

/** The last that is asked before the workflow goes on: what it sets then must be there. */
function searchableIf<Result extends { searchable?: true }>(exist: boolean, result: Result): Result {
  return exist ? { ...result, searchable: true } : result;
}

const same = (error: unknown) => error;
