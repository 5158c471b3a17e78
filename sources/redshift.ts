import type { RedshiftConnection } from '../config/workspace-file.js';
import { UserQuery } from './postgres/user-query.js';
import { checkRedshift } from './redshift/check.js';
import type { DataApi } from './redshift/data-api.js';
import { describeQueries } from './redshift/describe.js';
import { RedshiftSnapshot } from './redshift/snapshot.js';
import { readClock } from './redshift/start-time.js';
import type { Source } from './source.js';

/**
 * Amazon Redshift, a provisioned cluster or a serverless workgroup, through the Redshift Data API (docs/redshift.md).
 * Nothing holds a connection: statements are submitted, waited for, and their results read page by page.
 */
export function openRedshift(connection: RedshiftConnection): Source {
  let opened: Promise<DataApi> | undefined;
  // Amazon's client takes a while to load, and is for those only who have a Redshift.
  const open = async () => new (await import('./redshift/data-api.js')).DataApi(connection);
  const api = (): Promise<DataApi> => (opened ??= open());
  const snapshots: RedshiftSnapshot[] = [];
  return {
    type: 'redshift',
    resumes: true,
    check: (signal) => checkRedshift(api, connection, signal),
    describe: async (query, signal) => {
      const queries = new Map([['main' as const, new UserQuery(query)]]);
      return (await describeQueries(await api(), connection, queries, signal)).get('main') ?? [];
    },
    startTime: async (signal) => readClock(await api(), connection, signal),
    snapshot: async (request, signal) => {
      const snapshot = new RedshiftSnapshot(await api(), connection, request, signal);
      snapshots.push(snapshot);
      return snapshot;
    },
    close: async () => {
      await Promise.all(snapshots.map((snapshot) => snapshot.close()));
      (await opened)?.close();
    },
  };
}
