import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../dev/postgres-server.js';
import { startTemporal } from '../../dev/temporal-server.js';
import { workflowBundle } from '../../worker/workflow-bundle.js';
import { endLeftovers, own, prefix } from './leftovers.js';
import { temporalCli } from './own-temporal.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connects as the superuser, to the database `postgres`. For a database of your own see database.ts. */
    postgresUrl: string;
    /** host:port of the Temporal dev server; namespace `default`. */
    temporalAddress: string;
    /** What it keeps, as a SQLite file. */
    temporalDatabase: string;
    /** A file for `workflowBundle: { codePath }`. */
    workflowBundlePath: string;
  }
}

/** One PostgreSQL, one Temporal dev server and one bundle for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await endLeftovers();
  const directory = await mkdtemp(prefix);
  const table = own(directory);
  await chmod(directory, 0o755); // PostgreSQL may have to enter it as somebody else.
  const postgres = startPostgres({
    directory: join(directory, 'postgres'),
    password: randomBytes(16).toString('hex'),
    throwAway: true,
    logFile: join(directory, 'postgres.log'),
    onSpawn: ({ identity }) => table.add('PostgreSQL', identity),
  });
  const temporal = findCli().then((cli) =>
    startTemporal({
      cli,
      databaseFile: join(directory, 'temporal.db'),
      throwAway: true,
      logFile: join(directory, 'temporal.log'),
      onSpawn: ({ identity }) => table.add('Temporal', identity),
    }),
  );
  const teardown = async () => {
    // Whatever has started by then ends, also where the other one did not start.
    const started = await Promise.allSettled([postgres, temporal]);
    await Promise.all(
      started.flatMap((server) => (server.status === 'fulfilled' ? [server.value.stop()] : [])),
    );
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [{ url }, { address }, bundle] = await Promise.all([postgres, temporal, workflowBundle()]);
    project.provide('postgresUrl', url);
    project.provide('temporalAddress', address);
    project.provide('temporalDatabase', join(directory, 'temporal.db'));
    project.provide('workflowBundlePath', bundle);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

function findCli(): Promise<string> {
  let said = 0;
  return temporalCli((doing) => {
    if (Date.now() - said < 10_000) return;
    said = Date.now();
    process.stderr.write(`${doing}\n`);
  });
}
