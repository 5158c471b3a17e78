import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { mutexId, requestWorkspace } from '../workflows/messages.js';
import type { Activities } from './activities.js';
import type { Dependencies } from './dependencies.js';
import { failure } from './failures.js';

/** True while the workflow with this id is open; false if it is closed or isn't there. */
export async function isWorkflowOpen(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Makes the activities by which imports take turns: see `Activities`. */
export function workspaceTurnActivities({
  client,
  taskQueue,
}: Pick<Dependencies, 'client' | 'taskQueue'>): Pick<Activities, 'askForWorkspace' | 'awaitClosed'> {
  return {
    async askForWorkspace({ workspace, request }) {
      await client.workflow.signalWithStart('WorkspaceMutexWorkflow', {
        workflowId: mutexId(workspace),
        taskQueue,
        args: [{ workspace }],
        signal: requestWorkspace,
        signalArgs: [request],
      });
      throw failure('StillWaiting', `${request.importId} waits for the workspace "${workspace}".`);
    },

    async awaitClosed(importId) {
      if (await isWorkflowOpen(client, importId))
        throw failure('StillRunning', `${importId} is still running.`);
    },
  };
}
