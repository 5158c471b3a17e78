import type { RedshiftConnection } from '../config/workspace-file.js';
import { UserQuery } from './postgres/user-query.js';
import { checkRedshift } from './redshift/check.js';
import { DataApi } from './redshift/data-api.js';
import { describeQueries } from './redshift/describe.js';
import { RedshiftSnapshot } from './redshift/snapshot.js';
import { readClock } from './redshift/start-time.js';
import type { Source } from './source.js';

/**
 * Amazon Redshift, a provisioned cluster or a serverless workgroup, through the Redshift Data API (docs/redshift.md).
 * Nothing holds a connection: statements are submitted, waited for, and their results read page by page.
 */
export function openRedshift(connection: RedshiftConnection): Source {
  let opened: DataApi | undefined;
  const api = (): DataApi => (opened ??= new DataApi(connection));
  const snapshots: RedshiftSnapshot[] = [];
  return {
    type: 'redshift',
    resumes: true,
    check: (signal) => checkRedshift(api, connection, signal),
    describe: async (query, signal) => {
      const queries = new Map([['main' as const, new UserQuery(query)]]);
      return (await describeQueries(api(), connection, queries, signal)).get('main') ?? [];
    },
    startTime: (signal) => readClock(api(), connection, signal),
    snapshot: (request, signal) => {
      const snapshot = new RedshiftSnapshot(api(), connection, request, signal);
      snapshots.push(snapshot);
      return Promise.resolve(snapshot);
    },
    close: async () => {
      await Promise.all(snapshots.map((snapshot) => snapshot.close()));
      opened?.close();
    },
  };
}
