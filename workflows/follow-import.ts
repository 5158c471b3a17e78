import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ChildWorkflowFailure, getExternalWorkflowHandle, startChild } from '@temporalio/workflow';
import { activity } from './activity-policies.js';
import { summary } from './details.js';
import { failureSentence } from './failure-sentence.js';
import type { ImportWorkflow } from './import.js';
import { logUnopened } from './log-unopened.js';
import { ignoreClosed } from './ignore-closed.js';
import { importId, mutexId, releaseWorkspace } from './messages.js';
import type { ImportInput, ImportResult } from './messages.js';

/**
 * Starts an import as a child, or finds the one that runs under its number already, as after a reset of the sync.
 * @returns once it can be signalled; its `result` comes in every case: an import that was lost is `Failed`
 */
export async function followImport(input: ImportInput): Promise<{ result: Promise<ImportResult> }> {
  const { workspace, sync, name } = input.definition;
  const { number, searchable } = input;
  const workflowId = importId(workspace, sync, number);
  try {
    const child = await startChild<typeof ImportWorkflow>('ImportWorkflow', {
      workflowId,
      args: [input],
      // A sync that is gone must not leave an import that nobody follows; it ends between two chunks.
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: summary(`${name}, import ${number}`),
    });
    return { result: child.result().then(closed, lost) };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return { result: endOfOtherRun() };
  }

  async function endOfOtherRun(): Promise<ImportResult> {
    await activity(
      workspace,
      'awaitClosed',
      summary(`wait for ${workflowId}, which runs already`),
    )(workflowId);
    if (searchable) await release();
    return await resultInLog('it closed without telling how it ended');
  }

  async function closed(result: ImportResult): Promise<ImportResult> {
    if (searchable && result.grantedAt !== undefined) await release();
    return result;
  }

  async function lost(error: unknown): Promise<ImportResult> {
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    await release();
    return await resultInLog(failureSentence(error));
  }

  /** The mutex would find out within seconds that the import has closed; now it does at once. */
  async function release(): Promise<void> {
    const mutex = getExternalWorkflowHandle(mutexId(workspace));
    await mutex.signal(releaseWorkspace, { importId: workflowId }).catch(ignoreClosed);
  }

  /** The log may know how it ended; if it doesn't, the import is `Failed`. */
  function resultInLog(reason: string): Promise<ImportResult> {
    return logUnopened({ input, status: 'Failed', reason, intervals: 1 });
  }
}
