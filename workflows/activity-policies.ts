import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ActivityInterfaceFor, ActivityOptions, RetryPolicy } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import type { FailureType } from '../activities/failures.js';
import { activityQueue } from './messages.js';

/*
 * How long each activity may take and how often it is tried, in one place. All run on the workspace's own queue, so that
 * only a worker that has the workspace's file gets them.
 */

/** Source trouble passes or it doesn't: 14 attempts are some ten minutes, then the import is `Failed`. */
const sourceTrouble: RetryPolicy = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '1m',
  maximumAttempts: 14,
};
/** A store that restarts, or is restored, should not cost an import that is half applied. */
const storeTrouble: RetryPolicy = { ...sourceTrouble, maximumAttempts: 30 };
/** What the log must be told it is told, however long the store is away. */
const untilDone: RetryPolicy = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' };

/**
 * What touches the workspace has stopped before a cancelled import goes on to close itself. Said here, since what the
 * SDK does unless told is not to wait.
 */
const stopsFirst = { cancellationType: 'WAIT_CANCELLATION_COMPLETED' } as const;

const policies: Record<keyof Activities, ActivityOptions> = {
  defineSync: {
    startToCloseTimeout: '30s',
    scheduleToStartTimeout: '4s',
    retry: { ...sourceTrouble, maximumAttempts: 3 },
  },
  acceptImport: {
    startToCloseTimeout: '30s',
    scheduleToStartTimeout: '4s',
    retry: { ...sourceTrouble, maximumAttempts: 3 },
  },
  askForWorkspace: {
    startToCloseTimeout: '10s',
    cancellationType: 'TRY_CANCEL',
    retry: { initialInterval: '20s', backoffCoefficient: 1 },
  },
  awaitClosed: {
    startToCloseTimeout: '10s',
    cancellationType: 'TRY_CANCEL',
    retry: { initialInterval: '50ms', backoffCoefficient: 2, maximumInterval: '5s' },
  },
  openImport: {
    ...stopsFirst,
    startToCloseTimeout: '20s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5s' },
  },
  stageQuery: { ...stopsFirst, startToCloseTimeout: '24h', heartbeatTimeout: '10s', retry: sourceTrouble },
  planChunks: { ...stopsFirst, startToCloseTimeout: '24h', heartbeatTimeout: '10s', retry: storeTrouble },
  applyChunks: { ...stopsFirst, startToCloseTimeout: '24h', heartbeatTimeout: '10s', retry: storeTrouble },
  closeImport: { startToCloseTimeout: '10m', heartbeatTimeout: '10s', retry: untilDone },
  logUnopened: { startToCloseTimeout: '20s', retry: untilDone },
  searchAttributesExist: {
    startToCloseTimeout: '10s',
    scheduleToStartTimeout: '10s',
    retry: { maximumAttempts: 1 },
  },
  forgetSync: { startToCloseTimeout: '20s', retry: untilDone },
  /** For a day, of which it keeps count itself. */
  deliverAlert: {
    startToCloseTimeout: '1m',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10m' },
  },
};

/**
 * One activity of a workspace, ready to be called.
 * @param summary a line for the Temporal UI, at most 400 bytes
 * @param answers failures that are answers: they end the activity at once, where they are retried otherwise
 */
export function activity<Name extends keyof Activities>(
  workspace: string,
  name: Name,
  summary: string,
  answers: FailureType[] = [],
): ActivityInterfaceFor<Activities>[Name] {
  const policy = policies[name];
  return proxyActivities<Activities>({
    ...policy,
    taskQueue: activityQueue(workflowInfo().taskQueue, workspace),
    summary,
    retry: { ...policy.retry, nonRetryableErrorTypes: answers },
  })[name];
}
