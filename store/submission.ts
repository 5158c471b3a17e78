import type { StartTime } from '../sources/source.js';
import { only, type Store } from './store.js';

/** What an import has submitted to a source whose statements outlive an attempt. */
export interface NotedSubmission {
  /** Read before anything was submitted. */
  started: StartTime;
  /** That no other import has, of whatever store. */
  name: string;
  /** The source's own words on what runs; absent until something does. */
  handle?: string;
}

export async function readSubmission(store: Store, key: string): Promise<NotedSubmission | undefined> {
  const { submission } = only(
    await store.pool.query<{ submission: NotedSubmission | null }>(
      'SELECT submission FROM inlet.import WHERE import_id = $1',
      [key],
    ),
  );
  return submission ?? undefined;
}

/** Adds to what is noted: the start time and the name stay what they were first, the handle is the newest. */
export async function noteSubmission(
  store: Store,
  key: string,
  noted: Pick<NotedSubmission, 'started' | 'name'> | { handle: string },
): Promise<void> {
  await store.pool.query(
    `UPDATE inlet.import SET submission = $2::jsonb || coalesce(submission, '{}') || ($2::jsonb - 'started' - 'name')
     WHERE import_id = $1 AND status = 'Running'`,
    [key, JSON.stringify(noted)],
  );
}
