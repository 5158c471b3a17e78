import { stat } from 'node:fs/promises';
import pg from 'pg';
import { connectionsTo, cpuSeconds, memoryMb } from '../support/process-figures.js';
import type { BenchWorker, Servers } from '../support/servers.js';

/** One look at everything that runs. */
export interface Sample {
  /** Seconds since the first. */
  at: number;
  /** Memory (RSS) of the worker, and of Temporal. */
  workerMb: number;
  temporalMb: number;
  /** Processor seconds so far. */
  cpu: { worker: number; temporal: number; postgres: number };
  /** The worker's connections to Temporal. */
  temporalConnections: number;
  /** Connections to the two databases, by the name that they show. */
  connections: Record<string, number>;
  temporalDatabaseMb: number;
  /** What the worker says of itself at /metrics, all labels of a metric added up; empty if it did not answer. */
  metrics: Map<string, number>;
}

const EVERY_MS = 2_000;

/** Looks every two seconds until `stop`. */
export class Sampling {
  readonly #servers: Servers;
  readonly #worker: BenchWorker;
  readonly #client: pg.Client;
  readonly #began = performance.now();
  readonly samples: Sample[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  private constructor(servers: Servers, worker: BenchWorker, client: pg.Client) {
    this.#servers = servers;
    this.#worker = worker;
    this.#client = client;
  }

  static async start(servers: Servers, worker: BenchWorker): Promise<Sampling> {
    const client = new pg.Client({
      connectionString: servers.postgres.url,
      application_name: 'load: samples',
    });
    client.on('error', () => undefined);
    await client.connect();
    const sampling = new Sampling(servers, worker, client);
    await sampling.#look();
    sampling.#timer = setInterval(() => {
      // A machine that is busy gets fewer looks, not a queue of them.
      sampling.#looking ??= sampling
        .#look()
        .catch(() => undefined)
        .finally(() => (sampling.#looking = undefined));
    }, EVERY_MS);
    return sampling;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#client.end();
  }

  async #look(): Promise<void> {
    const worker = this.#worker.identity.pid;
    const temporal = this.#servers.temporal.identity.pid;
    const postgres = this.#servers.postgres.identity.pid;
    const [connections, metrics, temporalDatabaseMb] = await Promise.all([
      this.#connections(),
      this.#metrics(),
      sizeMb(this.#servers.temporalDatabase),
    ]);
    this.samples.push({
      at: (performance.now() - this.#began) / 1000,
      workerMb: memoryMb(worker),
      temporalMb: memoryMb(temporal),
      cpu: { worker: cpuSeconds(worker), temporal: cpuSeconds(temporal), postgres: cpuSeconds(postgres) },
      temporalConnections: connectionsTo(worker, this.#servers.temporal.port),
      connections,
      temporalDatabaseMb,
      metrics,
    });
  }

  async #connections(): Promise<Record<string, number>> {
    const { rows } = await this.#client.query<{ name: string; count: number }>(
      `SELECT concat_ws(': ', CASE datname WHEN 'inlet' THEN 'store' ELSE 'source' END, application_name) AS name,
              count(*)::int AS count
       FROM pg_stat_activity WHERE datname IN ('inlet', 'app') AND application_name NOT LIKE 'load%' GROUP BY 1`,
    );
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  }

  async #metrics(): Promise<Map<string, number>> {
    try {
      const answer = await fetch(`${this.#worker.url}/metrics`, { signal: AbortSignal.timeout(5_000) });
      return sumsOf(await answer.text());
    } catch {
      return new Map();
    }
  }
}

/** Prometheus's text, as sums over all labels but `state` and `poller_type`, which stay in the name. */
export function sumsOf(text: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || name.endsWith('_bucket')) continue;
    const [, kept] = /(?:^|,)(?:state|poller_type)="([^"]*)"/.exec(labels) ?? [];
    const key = kept === undefined ? name : `${name} ${kept}`;
    sums.set(key, (sums.get(key) ?? 0) + Number(value));
  }
  return sums;
}

/** With the log that SQLite has not yet put into its file. */
async function sizeMb(file: string): Promise<number> {
  const sizes = await Promise.all(
    ['', '-wal'].map((end) =>
      stat(`${file}${end}`).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}
