import type { NativeConnection } from '@temporalio/worker';
import { ANSWER_WITHIN_MS, failedCheck, inTime, passed, remembered, type Check } from './check.js';

/** TaskQueueType of Temporal's API, whose own names are in a package that is not ours to import. */
const queueTypes: Record<'workflows' | 'activities', Record<string, number>> = {
  workflows: { taskQueueType: 1 },
  activities: { taskQueueType: 2 },
};

/** A task queue that one of this process's workers polls. */
export interface PolledQueue {
  kind: keyof typeof queueTypes;
  taskQueue: string;
}

/** A poll that finds nothing ends after a minute and the next one begins; the server's clock may be another than ours. */
const RECENT_MS = 120_000;
const FRESH_MS = 3_000;

export interface Polling {
  connection: NativeConnection;
  namespace: string;
  /** What our workers call themselves to the server, and nobody else does. */
  identity: string;
}

/** Whether the server sees our worker poll a queue: a worker may run and never get through. */
export function pollerCheck(polling: Polling, queue: PolledQueue): () => Promise<Check> {
  const name = `polls ${queue.taskQueue}`;
  const late = () =>
    failedCheck(
      name,
      `The Temporal server does not say within ${ANSWER_WITHIN_MS / 1000} s who polls ${queue.taskQueue}.`,
    );
  const look = async (): Promise<Check> => {
    try {
      if (await isPolling(polling, queue)) return passed(name);
      return failedCheck(
        name,
        `The Temporal server has not seen this worker ask for ${queue.kind} of ${queue.taskQueue} lately.`,
      );
    } catch {
      return late();
    }
  };
  return remembered(() => inTime(look(), late), FRESH_MS);
}

async function isPolling(
  { connection, namespace, identity }: Polling,
  { kind, taskQueue }: PolledQueue,
): Promise<boolean> {
  const { pollers } = await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      ...queueTypes[kind],
    }),
  );
  const oldest = Date.now() - RECENT_MS;
  return pollers.some(
    (poller) => poller.identity === identity && Number(poller.lastAccessTime?.seconds ?? 0) * 1000 >= oldest,
  );
}
