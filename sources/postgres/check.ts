import type { Finding } from '../source.js';
import { SourceError } from '../source-error.js';
import { placeOf, type Address } from './address.js';
import { checkRights } from './check-rights.js';
import { checkTls } from './check-tls.js';
import { statementPoolingAdvice } from './failure-kinds.js';
import type { Server } from './server.js';
import type { Session } from './session.js';
import { inTransaction, type TransactionOptions } from './transaction.js';

interface Facts {
  user: string;
  version: string;
  versionNumber: number;
  encoding: string;
  /** The server's own, which a pooler hides. */
  pid: number;
  seenFrom: string | null;
  standby: boolean;
  replayed: string | null;
  feedback: string;
  delay: string;
  seesTransactions: boolean;
}

/** Proves what can be proved of a connection (docs/postgres.md explains each finding); throws only when aborted. */
export async function check(
  server: () => Server,
  options: TransactionOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    const { address } = server();
    return await inTransaction(server(), 'connect', options, signal, async (session) => {
      const facts = await readFacts(session);
      return [
        connects(address),
        await checkTls(session, address),
        checkVersion(facts),
        checkStandby(facts),
        checkSeenFrom(facts),
        checkPooling(facts, session),
        ...(await checkRights(session, facts.user)),
        checkOpenTransactions(facts),
        ...checkEncoding(facts),
      ];
    });
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    if (error.message.includes(statementPoolingAdvice)) {
      const pooling: Finding = {
        level: 'problem',
        subject: 'pooling',
        message: `${statementPoolingAdvice}.`,
      };
      return [connects(server().address), pooling];
    }
    return [{ level: 'problem', subject: 'connects', message: error.message }];
  }
}

function connects(address: Address): Finding {
  const message = `To database "${address.database}" at ${placeOf(address)} as user "${address.user}".`;
  return { level: 'ok', subject: 'connects', message };
}

async function readFacts(session: Session): Promise<Facts> {
  const [facts] = await session.query<Facts>(
    `SELECT session_user::text AS "user",
            current_setting('server_version') AS version,
            current_setting('server_version_num')::int AS "versionNumber",
            current_setting('server_encoding') AS encoding,
            pg_backend_pid() AS pid,
            host(inet_client_addr()) AS "seenFrom",
            pg_is_in_recovery() AS standby,
            CASE WHEN pg_is_in_recovery() THEN date_trunc('second', pg_last_xact_replay_timestamp())::text END
              AS replayed,
            current_setting('hot_standby_feedback') AS feedback,
            current_setting('max_standby_streaming_delay') AS delay,
            pg_has_role(session_user, 'pg_read_all_stats', 'USAGE') AS "seesTransactions"`,
  );
  if (facts === undefined) throw new Error('A SELECT without FROM gave no row.');
  return facts;
}

function checkVersion({ version, versionNumber }: Facts): Finding {
  const subject = 'version';
  if (versionNumber >= 120_000) return { level: 'ok', subject, message: `PostgreSQL ${version}.` };
  const message = `PostgreSQL ${version} is older than 12, the oldest that Inlet is made for. Upgrade it.`;
  return { level: 'warning', subject, message };
}

function checkStandby({ standby, replayed, feedback, delay }: Facts): Finding {
  const subject = 'primary or standby';
  if (!standby) return { level: 'ok', subject, message: 'A primary.' };
  if (replayed === null) {
    const message =
      'A standby that has replayed no transaction since it was started. Until it has, last_sync_time does not advance.';
    return { level: 'warning', subject, message };
  }
  if (feedback === 'off' && delay !== '-1') {
    const message =
      `A standby, which has replayed up to ${replayed}. It cancels queries that are in the way of what it replays ` +
      `for more than ${delay}: set hot_standby_feedback = on, or max_standby_streaming_delay longer than an import.`;
    return { level: 'warning', subject, message };
  }
  return { level: 'ok', subject, message: `A standby, which has replayed up to ${replayed}.` };
}

function checkSeenFrom({ seenFrom }: Facts): Finding {
  const message =
    seenFrom === null
      ? 'The database sees us come through a Unix socket.'
      : `The database sees us come from ${seenFrom}; this is the address for pg_hba.conf and firewalls.`;
  return { level: 'ok', subject: 'comes from', message };
}

/** A pooler tells its clients a process id that is not the server's. */
function checkPooling({ pid }: Facts, { connected }: Session): Finding {
  const direct = pid === connected.cancelKey.processId;
  const message = direct
    ? 'None: straight to the server.'
    : 'A pooler such as PgBouncer is in between, and keeps a transaction together, which is all that Inlet needs.';
  return { level: 'ok', subject: 'pooling', message };
}

function checkOpenTransactions({ standby, seesTransactions, user }: Facts): Finding {
  const subject = 'open transactions';
  if (standby) {
    const message =
      "Those on the primary can't be seen from a standby. A row that such a transaction writes and commits late could " +
      "be missed: set each sync's overlap to more than the longest of them takes.";
    return { level: 'warning', subject, message };
  }
  if (seesTransactions) {
    return { level: 'ok', subject, message: 'Those of all users can be seen, so no late commit is missed.' };
  }
  const message =
    "Those of other users can't be seen. A row that such a transaction writes and commits late could be missed: " +
    `GRANT pg_read_all_stats TO ${quoted(user)}, or set each sync's overlap to more than the longest of them takes.`;
  return { level: 'warning', subject, message };
}

function checkEncoding({ encoding }: Facts): Finding[] {
  if (encoding !== 'SQL_ASCII') return [];
  const message = 'The database is SQL_ASCII: rows with texts that are not valid UTF-8 will fail.';
  return [{ level: 'warning', subject: 'encoding', message }];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
