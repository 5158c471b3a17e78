import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureType } from '../activities/failures.js';
import { failureSentence } from './failure-sentence.js';

/** What refuses an update: whoever sent it reads the message. */
export function refusal(type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type, nonRetryable: true });
}

/**
 * What refuses an update whose activity failed: the activity's own words, or that nobody runs it.
 * @returns what is to be thrown, which is the error itself where it is none of an activity
 */
export function refusedBy(error: unknown, workspace: string): unknown {
  if (!(error instanceof ActivityFailure)) return error;
  if (error.cause instanceof ApplicationFailure) return error.cause;
  if (error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_START') {
    const start = 'start one with its file (inlet worker --config …)';
    return refusal('NotServed', `no worker serves workspace ${workspace}: ${start}`);
  }
  return refusal('StoreUnavailable', `${failureSentence(error)}; try again`);
}
