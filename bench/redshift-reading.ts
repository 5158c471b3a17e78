import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { openRedshift } from '../sources/redshift.js';
import type { Snapshot } from '../sources/source.js';
import { openStore } from '../store/store.js';
import { stageImport } from '../test/support/store-import.js';

// One measurement of bench/redshift.ts, which forks it: <way> <endpoint> <the store's URL> <rows>.

const [way = '', endpoint = '', storeUrl = '', rows = ''] = process.argv.slice(2);
const region = 'us-east-1';
const query = 'SELECT * FROM customers';

/** Reads it all; `waited` is called when the statement has ended, before its rows are read. */
type Reading = (sql: string, waited: () => void) => Promise<number>;

const floor: Reading = async (sql, waited) => {
  const client = new RedshiftDataClient({ region, endpoint });
  const { Id } = await client.send(
    new ExecuteStatementCommand({ WorkgroupName: 'analytics', Database: 'dev', Sql: sql }),
  );
  for (;;) {
    const { Status } = await client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 20 }));
    if (Status === 'FINISHED') break;
    if (Status === 'FAILED' || Status === 'ABORTED') throw new Error(`The statement is ${Status}.`);
  }
  waited();
  let count = 0;
  let token: string | undefined;
  do {
    const page = await client.send(new GetStatementResultCommand({ Id, NextToken: token }));
    count += page.Records?.length ?? 0;
    token = page.NextToken;
  } while (token !== undefined);
  client.destroy();
  return count;
};

const bytes: Reading = (sql, waited) =>
  withSnapshot(sql, async (snapshot) => {
    const stream = await snapshot.rows('main');
    waited();
    let lines = 0;
    stream.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
    });
    await new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
    return lines;
  });

const staged: Reading = (sql, waited) =>
  withSnapshot(sql, async (snapshot) => {
    const stream = await snapshot.rows('main');
    waited();
    const store = openStore(storeUrl, { max: 4 });
    const columns = await snapshot.columns('main');
    // A workspace of its own: nobody ends the imports of earlier rounds.
    const workspace = `bench-${process.pid}-${sql.length}`;
    const { staging } = await stageImport(store, { workspace, columns, rows: [], bytes: stream });
    await store.close();
    return staging.rows;
  });

async function withSnapshot(sql: string, work: (snapshot: Snapshot) => Promise<number>): Promise<number> {
  const signal = new AbortController().signal;
  const source = openRedshift({
    ...{ type: 'redshift', name: 'warehouse', region, endpoint, database: 'dev', secretArn: undefined },
    ...{ target: { workgroup: 'analytics' }, readOnly: true, queryTimeoutMs: 600_000 },
  });
  const snapshot = await source.snapshot({ main: sql, queryTimeoutMs: 600_000 }, signal);
  const count = await work(snapshot);
  await snapshot.close();
  await source.close();
  return count;
}

const readings: Record<string, Reading> = { floor, bytes, staged };
const reading = readings[way];
if (reading === undefined) throw new Error('This is for bench/redshift.ts only.');

// What is loaded and compiled on the way is not measured.
await reading(`${query} LIMIT ${Math.min(Number(rows), 20_000)}`, () => undefined);

const cpu = process.cpuUsage();
const begun = performance.now();
let waitedUntil = begun;
const count = await reading(query, () => (waitedUntil = performance.now()));
const ended = performance.now();
const { user, system } = process.cpuUsage(cpu);
process.send?.({
  rows: count,
  waitSeconds: (waitedUntil - begun) / 1000,
  readSeconds: (ended - waitedUntil) / 1000,
  cpuSeconds: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
});
process.disconnect();
