import type { StartTime } from '../source.js';
import type { Session } from './session.js';
import { snapshotName } from './snapshot.js';

/** From here on a bound that lies behind is worth a word. */
const longAgoSeconds = 15 * 60;

interface Clock {
  standby: boolean;
  now: number;
  /** Of the newest transaction that the standby has replayed. */
  replayed: number | null;
}

type Bound = Omit<StartTime, 'clock'>;

interface OpenTransactions {
  oldest: number | null;
  pid: number | null;
  user: string | null;
  /** Sessions whose transactions this user may not see. */
  hidden: number;
}

/**
 * The time from which the next import must ask for rows again: nothing that this import's snapshot does not see can
 * have been written earlier, as far as that can be known (docs/scheduling.md). Must be read in a transaction that
 * begins before the snapshot.
 */
export async function readStartTime(session: Session): Promise<StartTime> {
  // The transaction's own now() is older than anything that the statements after it look at.
  const [clock] = await session.query<Clock>(
    `SELECT pg_is_in_recovery() AS standby,
            extract(epoch FROM now())::float8 AS now,
            extract(epoch FROM CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() END)::float8
              AS replayed`,
  );
  if (clock === undefined) throw new Error('A SELECT without FROM gave no row.');
  const start = clock.standby ? standbyStart(clock) : await primaryStart(session, clock.now);
  return { ...start, clock: Math.floor(clock.now) };
}

function standbyStart({ now, replayed }: Clock): Bound {
  const unseen =
    "This is a standby, where transactions that are open on the primary can't be seen: set the sync's overlap to more " +
    'than the longest of them takes, or read from the primary.';
  if (replayed === null) {
    const unknown =
      'The standby has replayed no transaction since it was started, so last_sync_time stays where it is.';
    return { seconds: null, bound: 'replay', warnings: [unknown, unseen] };
  }
  const lag = now - replayed;
  return {
    seconds: Math.floor(Math.min(now, replayed)),
    bound: replayed < now ? 'replay' : 'clock',
    warnings:
      lag < longAgoSeconds
        ? [unseen]
        : [`The standby has replayed nothing newer than ${iso(replayed)}.`, unseen],
  };
}

async function primaryStart(session: Session, now: number): Promise<Bound> {
  const open = await oldestOpen(session);
  const warnings = open.hidden === 0 ? [] : [hiddenWarning(open.hidden)];
  const [prepared] = await session.query<{ count: number; oldest: number | null }>(
    `SELECT count(*)::int AS count, extract(epoch FROM min(prepared))::float8 AS oldest
       FROM pg_prepared_xacts
      WHERE database = current_database()`,
  );
  if (prepared !== undefined && prepared.oldest !== null) {
    // It began before it was prepared, and nothing tells when.
    const warning =
      `Prepared transactions wait for COMMIT PREPARED or ROLLBACK PREPARED: ${prepared.count}, the oldest since ` +
      `${iso(prepared.oldest)}. What they wrote may be older, so last_sync_time stays where it is.`;
    return { seconds: null, bound: 'prepared transaction', warnings: [warning, ...warnings] };
  }
  if (open.oldest === null || open.oldest >= now) {
    return { seconds: Math.floor(now), bound: 'clock', warnings };
  }
  if (now - open.oldest >= longAgoSeconds) warnings.unshift(longOpenWarning(open, open.oldest));
  return { seconds: Math.floor(open.oldest), bound: 'open transaction', warnings };
}

/** Autovacuum, senders of WAL and our own snapshots write no row that a query could miss. */
async function oldestOpen(session: Session): Promise<OpenTransactions> {
  const [found] = await session.query<OpenTransactions>(
    `SELECT extract(epoch FROM min(xact_start))::float8 AS oldest,
            (array_agg(pid ORDER BY xact_start) FILTER (WHERE xact_start IS NOT NULL))[1] AS pid,
            (array_agg(usename::text ORDER BY xact_start) FILTER (WHERE xact_start IS NOT NULL))[1] AS "user",
            (count(*) FILTER (WHERE usesysid IS NOT NULL
                                 AND (query = '<insufficient privilege>' OR state = 'disabled')))::int AS hidden
       FROM pg_stat_activity
      WHERE datname = current_database()
        AND pid <> pg_backend_pid()
        AND coalesce(backend_type, '') NOT IN
            ('autovacuum worker', 'autovacuum launcher', 'walsender', 'parallel worker')
        AND application_name NOT LIKE $1 || '%'`,
    [snapshotName],
  );
  if (found === undefined) throw new Error('An aggregate gave no row.');
  return found;
}

function hiddenWarning(count: number): string {
  return (
    `The transactions of ${count} sessions of other users can't be seen, and what they write late could be missed: ` +
    "GRANT pg_read_all_stats to Inlet's user, or set the sync's overlap to more than the longest of them takes."
  );
}

function longOpenWarning({ pid, user }: OpenTransactions, since: number): string {
  return `A transaction of user "${user ?? ''}" (pid ${pid ?? 0}) is open since ${iso(since)} and holds last_sync_time back.`;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}
