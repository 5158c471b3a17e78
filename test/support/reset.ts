import type { Client } from '@temporalio/client';
import { randomUUID } from 'node:crypto';

/** The task that a workflow is reset to before: its first one, or one that started a child. */
export type ResetPoint = 'first task' | 'start of its first child' | 'start of its last child';

/**
 * Resets a workflow, open or closed, as `temporal workflow reset` does: a new run replays its history up to that point
 * and goes on from there, and the run before it is terminated.
 */
export async function resetWorkflow(client: Client, workflowId: string, to: ResetPoint): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events = [] } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const tasks = (events ?? []).flatMap((event) => {
    const { startChildWorkflowExecutionInitiatedEventAttributes: child } = event;
    if (to !== 'first task') return child ? [child.workflowTaskCompletedEventId] : [];
    return event.workflowTaskCompletedEventAttributes ? [event.eventId] : [];
  });
  const task = to === 'start of its last child' ? tasks.at(-1) : tasks[0];
  if (!task) throw new Error(`the history of ${workflowId} has no ${to}`);
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: task,
    requestId: randomUUID(),
    reason: 'as tested',
  });
}
