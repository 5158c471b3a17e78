import type { RedshiftConnection } from '../../config/workspace-file.js';
import { openRedshift } from '../../sources/redshift.js';
import type { Snapshot, Source, SnapshotRequest, Submission } from '../../sources/source.js';
import { bytesOf, never } from './source-database.js';

/** What Amazon's client finds by its default chain; nobody checks it here. */
process.env['AWS_ACCESS_KEY_ID'] ??= 'AKIDEXAMPLE';
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'secret';

export const connectionTo = (endpoint: string): RedshiftConnection => ({
  type: 'redshift',
  name: 'warehouse',
  region: 'eu-central-1',
  target: { workgroup: 'analytics' },
  database: 'dev',
  secretArn: undefined,
  endpoint,
  readOnly: true,
  queryTimeoutMs: 60_000,
});

export const redshiftAt = (endpoint: string, settings: Partial<RedshiftConnection> = {}): Source =>
  openRedshift({ ...connectionTo(endpoint), ...settings });

/** A place that outlives attempts, as an import's row is one. */
export function submissionNamed(key: string, isAbandoned = false): Submission & { handles: string[] } {
  const handles: string[] = [];
  return {
    key,
    handles,
    recall: () => Promise.resolve(handles.at(-1)),
    remember: (handle) => {
      handles.push(handle);
      return Promise.resolve();
    },
    abandoned: () => isAbandoned,
  };
}

/** Opens a snapshot, works with it and closes it. */
export async function withSnapshot<T>(
  source: Source,
  request: Omit<SnapshotRequest, 'queryTimeoutMs'> & { queryTimeoutMs?: number },
  work: (snapshot: Snapshot) => Promise<T>,
  signal: AbortSignal = never,
): Promise<T> {
  const snapshot = await source.snapshot({ queryTimeoutMs: 60_000, ...request }, signal);
  try {
    return await work(snapshot);
  } finally {
    await snapshot.close();
  }
}

/** The rows of a query as COPY text. */
export const rowsOf = (source: Source, main: string, limit?: number): Promise<string> =>
  withSnapshot(source, { main }, async (snapshot) =>
    (await bytesOf(await snapshot.rows('main', limit))).toString(),
  );
