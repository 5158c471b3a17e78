import { Context } from '@temporalio/activity';

const EVERY_MS = 2_000;

/**
 * Runs `work` while heartbeats go out on a timer, however long a statement takes.
 * @param work gets a signal that is aborted when the activity is cancelled, times out or its worker stops
 */
export async function whileHeartbeating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => context.heartbeat(), EVERY_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
