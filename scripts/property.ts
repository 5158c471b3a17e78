import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { migrate } from '../store/migrate.js';
import { openStore, type Store } from '../store/store.js';
import { checkPreviews } from '../test/support/preview-property.js';
import { checkContested, checkPeople, seldomHit } from '../test/support/people-property.js';
import { seldomHit as seldomRelated } from '../test/support/relations-hits.js';
import { checkRelations } from '../test/support/relations-property.js';
import { onThrowAwayPostgres } from './throw-away-postgres.js';

// npm run property -- [--cases N] [--seed S] [--preview | --relations | --rows R [--chunk C]]: compares any number of random
// imports of people, previews, imports with objects, relationships and segments, or imports of R rows of which many meet
// each other, with the model of the rules (test/support/people-model.ts and relations-model.ts), on a PostgreSQL of its own.

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    cases: text,
    seed: text,
    preview: { type: 'boolean' },
    relations: { type: 'boolean' },
    rows: text,
    chunk: text,
  },
});
const cases = Number(values.cases ?? (values.rows === undefined ? 1_000 : 6));
const seed = Number(values.seed ?? randomInt(2 ** 31));
const say = (line: string) => process.stdout.write(`${line}\n`);

await onThrowAwayPostgres(async (url) => {
  const store = openStore(url, { max: 12 });
  try {
    await migrate(store);
    say(`${cases} cases, seed ${seed}`);
    if (values.rows !== undefined)
      await contested(store, Number(values.rows), Number(values.chunk ?? 20_000));
    else if (values.relations === true)
      report(await checkRelations(store, { cases, seed }), 'decisions', seldomRelated);
    else await small(store);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    await store.close();
  }
});

async function small(store: Store): Promise<void> {
  const hits = await (values.preview === true ? checkPreviews : checkPeople)(store, { cases, seed });
  report(hits, 'rows', seldomHit);
}

function report(hits: Map<string, number>, of: 'rows' | 'decisions', seldomOf: typeof seldomHit): void {
  const decided = [...hits.values()].reduce((sum, count) => sum + count, 0);
  const seldom = seldomOf(hits, 50);
  say(
    `${decided} ${of} came out as the model says. Cells of the tables hit fewer than 50 times: ${seldom.length}`,
  );
  for (const line of seldom) say(`  ${line}`);
  if (seldom.length > 0) process.exitCode = 1;
}

async function contested(store: Store, rows: number, chunkRows: number): Promise<void> {
  for (const one of Array.from({ length: cases }, (_, at) => seed + at)) {
    const { counts, seconds, settings } = await checkContested(store, {
      rows,
      seed: one,
      chunkRows,
      lanes: 2,
    });
    say(
      `seed ${one}: ${rows} rows came out as the model says, in ${seconds.toFixed(1)} s. ${JSON.stringify({ ...settings, ...counts })}`,
    );
  }
}
