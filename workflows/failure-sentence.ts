import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from '@temporalio/workflow';
import { TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import type { FailureType } from '../activities/failures.js';

/**
 * What the user reads of an activity or a child workflow that failed for good: the sentence that the activity itself
 * gave, or one on how Temporal lost it.
 */
export function failureSentence(error: unknown): string {
  const cause =
    error instanceof ActivityFailure || error instanceof ChildWorkflowFailure ? error.cause : error;
  const step =
    error instanceof ActivityFailure ? (steps[error.activityType] ?? error.activityType) : 'the import';
  if (cause instanceof TimeoutFailure) {
    return cause.timeoutType === 'HEARTBEAT'
      ? `${step} was lost: its worker stopped answering`
      : `${step} took longer than it may`;
  }
  if (cause instanceof TerminatedFailure) return `${step} was terminated in Temporal`;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Whether an activity failed for good with this type of failure. */
export function failedWith(error: unknown, type: FailureType): boolean {
  return (
    error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === type
  );
}

const steps: Partial<Record<string, string>> = {
  openImport: 'opening the import',
  stageQuery: "copying the query's result",
  planChunks: 'planning the chunks',
  applyChunks: 'applying the chunks',
  closeImport: 'closing the import',
  defineSync: 'checking the definition',
  acceptImport: 'accepting the import',
};
