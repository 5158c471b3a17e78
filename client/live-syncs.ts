import type { SyncStatus } from '../workflows/messages.js';
import { explainError } from './explain-error.js';
import type { Session } from './session.js';

/** What is known of a sync at this moment: what it says itself, that its workflow isn't there, or nothing. */
export type LiveSync = SyncStatus | 'ended' | 'unknown';

export interface LiveSyncs {
  of(sync: string): LiveSync;
  /** Why some are unknown: a sentence; null if all answered. */
  problem: string | null;
}

/**
 * Asks all syncs at once what they do. Takes four seconds at most, then what has not answered is unknown.
 *
 * @param names the syncs that the store says are applied
 */
export async function askSyncs(
  session: Session,
  workspace: string,
  names: readonly string[],
): Promise<LiveSyncs> {
  const known = new Map<string, LiveSync>();
  const problems = new Set<string>();
  if (names.length > 0) {
    try {
      const temporal = await session.temporal();
      const { SyncHandle, SyncNotRunning } = await import('./sync-workflow.js');
      await Promise.all(
        names.map(async (sync) => {
          try {
            known.set(sync, await new SyncHandle(temporal, workspace, sync).status());
          } catch (error) {
            if (error instanceof SyncNotRunning) known.set(sync, 'ended');
            else problems.add(await sentenceOf(error));
          }
        }),
      );
    } catch (error) {
      problems.add(await sentenceOf(error));
    }
  }
  const [problem] = problems;
  return { of: (sync) => known.get(sync) ?? 'unknown', problem: problem ?? null };
}

async function sentenceOf(error: unknown): Promise<string> {
  const { message } = await explainError(error);
  return message ?? 'Temporal could not be asked.';
}
