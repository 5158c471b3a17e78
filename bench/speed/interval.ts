import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../support/spread.js';
import { emptyStore, runImport } from './product.js';
import { showRows, type Bench } from './rounds.js';
import { people } from './subjects.js';

/** An interval in which nothing changed, of a table whose `updated_at` is indexed: medians. */
export interface IntervalFigures {
  rows: number;
  /** Of statements on source and store together, for one import. */
  statementsMs: number;
  /** From when the sync took the trigger until Completed, and from the start of the command. */
  triggerToEnded: number;
  commandToEnded: number;
  events: number;
  temporalBytes: number;
}

const TIMES = 7;

/** Sessions report what they did when they have been idle for ten seconds. */
const REPORTED_AFTER_MS = 11_000;

/** The people are there already, as after a first load; the query asks for what changed since. */
export async function measureInterval(bench: Bench, rows: number): Promise<IntervalFigures> {
  const { product, source } = bench;
  await emptyStore(product.store);
  await showRows(source, 'people', people.view('same', rows));
  await runImport(product, 'people');
  await showRows(source, 'interval', people.view('same', rows));
  await product.store.query('VACUUM (ANALYZE)');
  await sleep(REPORTED_AFTER_MS);
  const before = await statementsMs(source);
  const runs = [];
  for (let time = 0; time < TIMES; time += 1) runs.push(await runImport(product, 'interval'));
  await sleep(REPORTED_AFTER_MS);
  const figures = {
    rows,
    statementsMs: ((await statementsMs(source)) - before) / TIMES,
    triggerToEnded: median(runs.map(({ dueToEnded }) => dueToEnded)),
    commandToEnded: median(runs.map(({ seconds }) => seconds)),
    events: median(runs.map(({ events }) => events)),
    temporalBytes: median(runs.map(({ temporalBytes }) => temporalBytes)),
  };
  bench.say(
    `interval: ${figures.statementsMs.toFixed(0)} ms of statements, ${figures.triggerToEnded.toFixed(2)} s`,
  );
  return figures;
}

async function statementsMs(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    `SELECT sum(active_time) AS ms FROM pg_stat_database WHERE datname IN ('app', 'inlet')`,
  );
  return rows[0]?.ms ?? 0;
}
