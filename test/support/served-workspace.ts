import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import pg from 'pg';
import { inject } from 'vitest';
import { createActivities } from '../../activities/create-activities.js';
import type { Activities } from '../../activities/activities.js';
import { readEnvironment } from '../../config/environment.js';
import { loadWorkspaceFile, type WorkspaceFile } from '../../config/workspace-file.js';
import { migrate } from '../../store/migrate.js';
import { openStore, type Store } from '../../store/store.js';
import { createDatabase } from './database.js';

/** A workspace whose activities can be called directly, with a source and a store of its own. */
export interface ServedWorkspace {
  file: WorkspaceFile;
  store: Store;
  client: Client;
  taskQueue: string;
  /** Calls an activity as a worker would. */
  run<T>(call: (activities: Activities) => Promise<T>): Promise<T>;
  /** Runs SQL on the source. */
  source(sql: string): Promise<void>;
  /** The superuser's way to the source, past what `through` puts in between. */
  sourceUrl: string;
  close(): Promise<void>;
}

/**
 * @param syncs the `syncs` section of its inlet.yaml, which reads from the database `crm`
 * @param through makes of the source's URL the one that the workspace is given
 */
export async function serveWorkspace(
  name: string,
  syncs: string,
  through: (sourceUrl: string) => Promise<string> = (url) => Promise.resolve(url),
): Promise<ServedWorkspace> {
  const [storeDatabase, sourceDatabase] = await Promise.all([
    createDatabase('store'),
    createDatabase('source'),
  ]);
  const directory = await mkdtemp(join(tmpdir(), 'inlet-served-'));
  const path = join(directory, 'inlet.yaml');
  await writeFile(
    path,
    `workspace: { name: ${name} }\ndatabases:\n  crm: { type: postgres, url: "\${SERVED_SOURCE_URL}" }\nsyncs:\n${syncs}`,
  );
  const environment = readEnvironment(directory);
  const givenUrl = await through(sourceDatabase.url);
  const file = await loadWorkspaceFile(path, {
    ...environment,
    get: (variable) => (variable === 'SERVED_SOURCE_URL' ? givenUrl : environment.get(variable)),
  });
  const store = openStore(storeDatabase.url, { max: 6 });
  await migrate(store);
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const client = new Client({ connection });
  const taskQueue = `served-${name}`;
  const activities = createActivities({ file, store, client, taskQueue });
  return {
    file,
    store,
    client,
    taskQueue,
    sourceUrl: sourceDatabase.url,
    run: (call) =>
      new MockActivityEnvironment(
        { currentAttemptScheduledTimestampMs: Date.now() },
        { logger: new DefaultLogger('ERROR') },
      ).run(() => call(activities)),
    async source(sql) {
      const session = new pg.Client({ connectionString: sourceDatabase.url });
      await session.connect();
      await session.query(sql);
      await session.end();
    },
    async close() {
      await Promise.all([store.close(), connection.close()]);
      await Promise.all([storeDatabase.drop(), sourceDatabase.drop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
