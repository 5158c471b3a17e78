import type { PostgresConnection } from '../config/workspace-file.js';
import { readAddress } from './postgres/address.js';
import { check } from './postgres/check.js';
import { describeQuery } from './postgres/describe.js';
import { Server } from './postgres/server.js';
import { PostgresSnapshot } from './postgres/snapshot.js';
import { readStartTime } from './postgres/start-time.js';
import { inTransaction } from './postgres/transaction.js';
import { UserQuery } from './postgres/user-query.js';
import type { Source } from './source.js';

/** What is not the import's own query takes milliseconds, unless a table that it names is locked. */
const shortMs = 60_000;
/** Somebody waits for `check`. */
const checkMs = 20_000;

/**
 * A PostgreSQL database as a source, straight or through PgBouncer in transaction mode (docs/postgres.md). Each piece
 * of work is a transaction on a connection of its own, so that a pooler has nothing to keep between them.
 *
 * An aborted signal cancels what runs on the server, and the method rejects with the signal's reason.
 */
export function openPostgres(connection: PostgresConnection): Source {
  let opened: Server | undefined;
  const server = (): Server => (opened ??= new Server(readAddress(connection)));
  const brief = { isolation: 'READ COMMITTED', timeoutMs: shortMs } as const;
  return {
    type: 'postgres',
    resumes: false,
    check: async (signal) => check(server, { ...brief, timeoutMs: checkMs }, signal),
    describe: async (query, signal) => {
      const userQuery = new UserQuery(query);
      return inTransaction(server(), 'describe', brief, signal, (session, encoding) =>
        describeQuery(session, userQuery, encoding),
      );
    },
    startTime: async (signal) => inTransaction(server(), 'start time', brief, signal, readStartTime),
    snapshot: async (request, signal) => PostgresSnapshot.open(server(), request, signal),
    close: async () => opened?.close(),
  };
}
