import type { Client } from '@temporalio/client';
import { randomUUID } from 'node:crypto';

/** What a workflow is reset to before: its first task, or the last one that gave this kind of command. */
export type ResetPoint = 'first task' | 'start of its child';

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
    if (to === 'start of its child') return child ? [child.workflowTaskCompletedEventId] : [];
    return event.workflowTaskCompletedEventAttributes ? [event.eventId] : [];
  });
  const task = to === 'first task' ? tasks[0] : tasks.at(-1);
  if (!task) throw new Error(`the history of ${workflowId} has no ${to}`);
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: task,
    requestId: randomUUID(),
    reason: 'as tested',
  });
}
