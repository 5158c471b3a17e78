import type { RedshiftDirectConnection } from '../config/workspace-file.js';
import { readAddress } from './postgres/address.js';
import { Server } from './postgres/server.js';
import { inSession } from './postgres/transaction.js';
import { check } from './redshift-direct/check.js';
import { describeInCluster, queryForCluster } from './redshift-direct/describe.js';
import { manyRows, type FetchSize } from './redshift-direct/fetch-size.js';
import { begin, settle } from './redshift-direct/settings.js';
import { RedshiftSnapshot } from './redshift-direct/snapshot.js';
import { readStartTime } from './redshift-direct/start-time.js';
import { redshiftError } from './redshift-direct/statement-error.js';
import type { Source } from './source.js';

const usualPort = 5439;
/** What is not the import's own query takes seconds, but the cluster may have to wake up or plan for the first time. */
const shortMs = 120_000;
/** Somebody waits for `check`. */
const checkMs = 20_000;

/**
 * Amazon Redshift as a source, over the wire of PostgreSQL, for those who have no Data API (docs/redshift.md). Each
 * piece of work has a connection of its own.
 *
 * An aborted signal cancels what runs in the cluster, and the method rejects with the signal's reason.
 */
export function openRedshiftDirect(connection: RedshiftDirectConnection): Source {
  const { readOnly } = connection;
  const fetchSize: FetchSize = { rows: manyRows };
  let opened: Server | undefined;
  const server = (): Server => (opened ??= new Server(readAddress(connection, usualPort)));
  const brief = { timeoutMs: shortMs, explain: redshiftError };
  return {
    type: 'redshift',
    resumes: false,
    check: async (signal) =>
      check(server, { readOnly, timeoutMs: checkMs, queryTimeoutMs: connection.queryTimeoutMs }, signal),
    describe: async (query, signal) => {
      const userQuery = queryForCluster(query);
      return inSession(server(), { ...brief, phase: 'describe' }, signal, async (session) => {
        await settle(session, shortMs);
        await begin(session, readOnly);
        return describeInCluster(session, userQuery);
      });
    },
    startTime: async (signal) =>
      inSession(server(), { ...brief, phase: 'start time' }, signal, async (session) => {
        await settle(session, shortMs);
        return readStartTime(session);
      }),
    snapshot: async (request, signal) =>
      RedshiftSnapshot.open(server(), { ...request, readOnly, fetchSize }, signal),
    close: async () => opened?.close(),
  };
}
