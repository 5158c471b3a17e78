import type { Session } from '../postgres/session.js';
import type { StartTime } from '../source.js';
import { openTransactions, type OpenTransactions } from './open-transactions.js';

/** From here on a bound that lies behind is worth a word. */
const longAgoSeconds = 15 * 60;

/**
 * The time from which the next import must ask for rows again: nothing that this import's snapshot does not see can
 * have been written earlier, as far as that can be known (docs/scheduling.md). Must be read before the snapshot is begun.
 */
export async function readStartTime(session: Session): Promise<StartTime> {
  // First the clock: what begins after this look began later than what it says.
  const [clock] = await session.query<{ now: string }>(
    'SELECT extract(epoch FROM getdate())::varchar AS now',
  );
  if (clock === undefined) throw new Error('A SELECT without FROM gave no row.');
  const now = Math.floor(Number(clock.now));
  const open = await openTransactions(session);
  const warnings = open.seesAll ? [] : [hidden];
  if (open.oldest === undefined || open.oldest >= now) {
    return { seconds: now, clock: now, bound: 'clock', warnings };
  }
  if (now - open.oldest >= longAgoSeconds) warnings.unshift(longOpen(open, open.oldest));
  return { seconds: Math.floor(open.oldest), clock: now, bound: 'open transaction', warnings };
}

export const hidden =
  "The open transactions of other users can't be seen, and what they write late could be missed: GRANT ROLE " +
  "sys:monitor to Inlet's user, or set the sync's overlap to more than the longest of them takes.";

function longOpen({ user, pid }: OpenTransactions, since: number): string {
  const time = new Date(Math.floor(since) * 1000).toISOString().replace('.000', '');
  return `A transaction of user "${user ?? ''}" (pid ${pid ?? ''}) is open since ${time} and holds last_sync_time back.`;
}
