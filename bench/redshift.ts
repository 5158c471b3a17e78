import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { z } from 'zod';
import { migrate } from '../store/migrate.js';
import { openStore } from '../store/store.js';
import { onThrowAwayPostgres } from '../scripts/throw-away-postgres.js';

/*
 * npm run bench:redshift [-- --rows N --rounds N]: how fast rows come through the Redshift Data API, compared with a bare
 * loop over Amazon's client, which is the floor. The service is the tests' double, on a PostgreSQL of its own; it and every
 * measurement run in processes of their own, so that none pays for another's CPU or memory.
 */

const { values } = parseArgs({ options: { rows: { type: 'string' }, rounds: { type: 'string' } } });
const rows = Number(values.rows ?? 200_000);
const rounds = Number(values.rounds ?? 3);

const ways = {
  floor: "a bare loop over Amazon's client",
  bytes: 'rows(): COPY text',
  staged: 'rows() into the staging table',
};
type Way = keyof typeof ways;
const order: Way[] = ['floor', 'bytes', 'staged'];

const measurement = z.object({
  rows: z.number(),
  /** Until the statement had ended on the "cluster", and then until the last row. */
  waitSeconds: z.number(),
  readSeconds: z.number(),
  cpuSeconds: z.number(),
  peakMb: z.number(),
});
type Measurement = z.infer<typeof measurement>;

const say = (line: string) => process.stdout.write(`${line}\n`);

await onThrowAwayPostgres(async (url) => {
  await fill(url);
  const found: Record<Way, Measurement[]> = { floor: [], bytes: [], staged: [] };
  for (let round = 1; round <= rounds; round += 1) {
    // A new one for each round: it keeps the results of all statements.
    const double = forked('../scripts/redshift-double.ts', [], { REDSHIFT_DOUBLE_DATABASE_URL: url });
    try {
      const endpoint = z.string().parse(await messageOf(double));
      for (const way of order) {
        const child = forked('./redshift-reading.ts', [way, endpoint, url, String(rows)], {});
        const measured = measurement.parse(await messageOf(child));
        if (measured.rows !== rows) throw new Error(`${way} gave ${measured.rows} rows.`);
        found[way].push(measured);
        const { waitSeconds, readSeconds } = measured;
        say(`round ${round}, ${way}: ${(waitSeconds + readSeconds).toFixed(2)} s, load ${load()}`);
      }
    } finally {
      double.kill('SIGTERM');
      await once(double, 'exit');
    }
  }
  report(found);
});

async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `CREATE TABLE customers AS
     SELECT n::bigint AS id, 'customer.' || n || '@example.com' AS email, 'Björn' AS first_name,
            'O''Brien ' || n % 1000 AS last_name, (ARRAY['free', 'team', 'business'])[1 + n % 3] AS plan,
            (ARRAY['DE', 'FR', 'GB', 'IN'])[1 + n % 4] AS country, round((n * 7919 % 50000) / 100.0, 2) AS monthly_spend,
            n % 3 = 0 AS newsletter, timestamptz '2024-01-01 00:00:00.123456+00' + n * interval '1 minute' AS signed_up_at,
            CASE WHEN n % 10 > 0 THEN 'Said on day ' || n % 365 || E':\\tcall me, or write.\\nThanks!' END AS note
     FROM generate_series(1, ${rows}) n`,
  );
  await client.end();
  const store = openStore(url, { max: 2 });
  await migrate(store);
  await store.close();
}

function forked(script: string, args: string[], env: Record<string, string>): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const credentials = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_PROFILE: '' };
  return fork(path, args, {
    env: { ...process.env, ...credentials, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) =>
      reject(new Error(`A process ended with ${code ?? 'a signal'}, and said nothing.`)),
    );
  });
}

function report(found: Record<Way, Measurement[]>): void {
  const total = ({ waitSeconds, readSeconds }: Measurement) => waitSeconds + readSeconds;
  const floor = {
    total: median(found.floor.map(total)),
    read: median(found.floor.map((one) => one.readSeconds)),
  };
  say(`\n${rows} rows of 10 columns, medians of ${rounds} rounds; Node ${process.version}, load ${load()}\n`);
  say('| way | seconds | rows/s | ratio to the floor | of it reading, s | ratio | CPU, s | peak RSS, MB |');
  say('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const way of order) {
    const seconds = median(found[way].map(total));
    const read = median(found[way].map((one) => one.readSeconds));
    const cells = [
      ways[way],
      seconds.toFixed(2),
      String(Math.round(rows / seconds)),
      (floor.total / seconds).toFixed(2),
      read.toFixed(2),
      (floor.read / read).toFixed(2),
      median(found[way].map((one) => one.cpuSeconds)).toFixed(2),
      String(Math.round(median(found[way].map((one) => one.peakMb)))),
    ];
    say(`| ${cells.join(' | ')} |`);
  }
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function load(): string {
  return loadavg()
    .map((number) => number.toFixed(1))
    .join(' ');
}
