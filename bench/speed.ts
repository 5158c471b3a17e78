import { Client, Connection } from '@temporalio/client';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { connected } from '../dev/databases.js';
import { chartPng } from './speed/chart.js';
import { figuresOf } from './speed/figures.js';
import { makeFloor } from './speed/floor.js';
import { measureInterval } from './speed/interval.js';
import { inlet } from './speed/product.js';
import { readOptions } from './speed/options.js';
import { markdownText, reportText, type Results } from './speed/report.js';
import { firstImportsEnded, measureSteps, showRows, type Bench, type Sample } from './speed/rounds.js';
import { makeSourceData } from './speed/source-data.js';
import { measuredSubjects, subjects, workspaceFile } from './speed/subjects.js';
import { load, runBenchmark, type Benchmark } from './support/benchmark.js';
import { startBenchWorker, startServers } from './support/servers.js';

/*
 * npm run bench: imports of a hundred thousand to a million rows through the whole product, each beside its floor in the
 * same run (docs/performance.md). Give it an idle machine: what it measures is printed and not judged.
 */

const options = readOptions();

await runBenchmark(async (benchmark) => {
  const results = await run(benchmark);
  if (options.json) process.stdout.write(`${JSON.stringify({ options, ...results }, null, 2)}\n`);
  else process.stdout.write(`${reportText(results)}\n`);
  if (options.markdown !== undefined) await writeFile(options.markdown, markdownText(results));
  if (results.samples.length > 0) {
    await writeFile(options.png, await chartPng(figuresOf(results.samples)));
    benchmark.say(`The picture: ${options.png}`);
  }
});

async function run({ started, say }: Benchmark): Promise<Results> {
  say(`starting PostgreSQL and Temporal; load ${load()}`);
  const servers = await startServers(started);
  await connected(servers.postgres.url, (superuser) => superuser.query('CREATE DATABASE floor'));
  const to = async (database: string) => {
    const client = new pg.Client({ connectionString: servers.postgres.url.replace(/postgres$/, database) });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const clients = { source: await to('app'), floor: await to('floor'), store: await to('inlet') };
  const connection = await Connection.connect({ address: servers.temporal.address });
  try {
    const most = Math.max(...options.rows);
    say(`making the source's tables of ${most} rows`);
    await makeSourceData(clients.source, most);
    await makeFloor(clients.floor);
    const file = join(servers.directory, 'bench', 'inlet.yaml');
    await mkdir(join(servers.directory, 'bench'));
    await writeFile(file, workspaceFile);
    for (const { name, view } of measuredSubjects) await showRows(clients.source, name, view('none', 0));
    await showRows(clients.source, 'interval', 'SELECT * FROM same WHERE id <= 0');
    say('starting the worker, applying the file');
    const worker = await startBenchWorker(servers, [file], started);
    await inlet({ servers, file }, ['apply']);
    const temporal = new Client({ connection });
    const bench: Bench = {
      ...clients,
      product: { servers, worker, file, store: clients.store, temporal },
      say,
    };
    await firstImportsEnded(bench, subjects.length);
    const samples: Sample[] = [];
    for (const subject of measuredSubjects.filter(({ name }) => options.only.includes(name))) {
      const sizes = subject.name === 'people' ? options.rows : [most];
      for (const rows of sizes) samples.push(...(await measureSteps(bench, subject, rows, options.rounds)));
    }
    return {
      samples,
      interval: options.only.includes('interval') ? await measureInterval(bench, most) : null,
    };
  } finally {
    await Promise.all([...Object.values(clients).map((client) => client.end()), connection.close()]);
  }
}
