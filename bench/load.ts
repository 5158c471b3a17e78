import { Client, Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { applyAll } from './load/apply-all.js';
import { pauseAll, syncsOfBurst, triggerAll, wasWithdrawn } from './load/burst.js';
import { compare } from './load/compare.js';
import { applyFigures, burstFigures, importFigures, processFigures, type Figures } from './load/figures.js';
import { readExecutions, readLog, skippedAs, type LoggedImport } from './load/imports.js';
import { readOptions } from './load/options.js';
import { reportText } from './load/report.js';
import { Sampling } from './load/samples.js';
import { load, runBenchmark, type Benchmark } from './support/benchmark.js';
import { startBenchWorker, startServers } from './support/servers.js';
import { until } from './support/until.js';
import { makeSourceData } from './load/source-data.js';
import { kinds, writeWorkspaces } from './load/workspaces.js';

/*
 * npm run load: many syncs of many workspaces on one worker process, as in docs/reliability.md. What it measures is
 * printed and not judged; it fails where an import did not end as it should, or the store is not what the source is.
 */

const options = readOptions();

await runBenchmark(async (benchmark) => {
  const { figures, problems } = await run(benchmark);
  if (options.json) process.stdout.write(`${JSON.stringify({ options, ...figures, problems }, null, 2)}\n`);
  else process.stdout.write(`${reportText(figures)}\n`);
  for (const problem of problems) benchmark.say(problem);
  if (problems.length > 0) process.exitCode = 1;
});

async function run({ started, signal, say }: Benchmark): Promise<{ figures: Figures; problems: string[] }> {
  const total = options.workspaces * options.syncs;
  say(`starting PostgreSQL and Temporal; load ${load()}`);
  const servers = await startServers(started);
  const source = await makeSourceData(servers.sourceUrl, options.workspaces);
  const workspaces = await writeWorkspaces(servers.directory, options);
  const store = new pg.Pool({ connectionString: servers.storeUrl, max: 1, application_name: 'load: log' });
  const connection = await Connection.connect({ address: servers.temporal.address });
  const client = new Client({ connection });
  try {
    say(`starting one worker for ${workspaces.length} files`);
    const files = workspaces.map(({ file }) => file);
    const worker = await startBenchWorker(servers, files, started);
    say(`the worker was ready after ${(worker.readyMs / 1000).toFixed(1)} s; applying ${total} syncs`);
    source.startChanging();
    const applied = await applyAll(servers, workspaces, signal);
    const refused = applied.filter(({ fine }) => !fine);
    say(`applied, of ${applied.length} files ${refused.length} not; waiting for every sync's first import`);
    const first = (log: LoggedImport[]) =>
      log.filter(({ number, endedAt }) => number === 1 && endedAt !== null);
    await until(
      'Every sync has had its first import',
      async () => first(await readLog(store)).length >= total,
    );

    say(`watching for ${options.minutes} minutes; load ${load()}`);
    const from = Date.now();
    const sampling = await Sampling.start(servers, worker);
    await Promise.race([sleep(options.minutes * 60_000, undefined, { signal }), ended(worker)]);
    const to = Date.now();
    await sampling.stop();

    say(`pausing all syncs; load ${load()}`);
    const all = workspaces.flatMap(({ name, syncs }) =>
      syncs.map(({ name: sync, kind }) => ({ workspace: name, sync, kind })),
    );
    await pauseAll(client, store, all);
    const changed = await source.stopChanging();

    const ofBurst = syncsOfBurst(workspaces, options.burst);
    say(`a burst of ${ofBurst.length} triggers`);
    const burst = await triggerAll(client, store, ofBurst);
    say('bringing every sync up to date, to compare');
    for (const kind of kinds) {
      const ofKind = all.filter((one) => one.kind === kind);
      if (ofKind.length > 0) await triggerAll(client, store, ofKind);
    }
    const compared = await compare({ source: servers.sourceUrl, store: servers.storeUrl }, workspaces);

    const log = await readLog(store);
    const executions = await readExecutions(client);
    const watched = log.filter(({ dueAt }) => dueAt >= from && dueAt < to);
    const processes = processFigures(sampling.samples, watched.length);
    const figures: Figures = {
      worker: { readySeconds: worker.readyMs / 1000 },
      apply: applyFigures(applied),
      imports: importFigures(watched, executions, options.minutes),
      ...processes,
      burst: burstFigures(burst, executions),
      compared: { rows: compared.rows, changed },
    };
    return {
      figures,
      problems: [...refused.flatMap(({ refusals }) => refusals), ...problemsIn(log), ...compared.differences],
    };
  } finally {
    await Promise.all([source.close(), store.end(), connection.close()]);
  }
}

/** Whatever is neither Completed nor Skipped for a reason that docs/scheduling.md knows. */
function problemsIn(log: readonly LoggedImport[]): string[] {
  return log
    .filter((one) => one.status !== 'Completed' && skippedAs(one) === null && !wasWithdrawn(one))
    .map(
      ({ workspace, sync, number, status, reason }) =>
        `${workspace}: import ${number} of ${sync} is ${status}: ${reason ?? 'no reason'}`,
    );
}

async function ended(worker: { ended: Promise<string> }): Promise<never> {
  throw new Error(`The worker ended: ${await worker.ended}.`);
}
