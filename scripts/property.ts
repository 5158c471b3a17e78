import { randomBytes, randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../dev/postgres-server.js';
import { migrate } from '../store/migrate.js';
import { openStore } from '../store/store.js';
import { checkPreviews } from '../test/support/preview-property.js';
import { checkContested, checkPeople, seldomHit } from '../test/support/people-property.js';

// npm run property -- [--cases N] [--seed S] [--preview | --rows R [--chunk C]]: compares any number of random imports,
// previews, or imports of R rows of which many meet each other, with the model of the rules
// (test/support/people-model.ts), on a PostgreSQL of its own.

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { cases: text, seed: text, preview: { type: 'boolean' }, rows: text, chunk: text },
});
const cases = Number(values.cases ?? (values.rows === undefined ? 1_000 : 6));
const seed = Number(values.seed ?? randomInt(2 ** 31));
const say = (line: string) => process.stdout.write(`${line}\n`);

const directory = await mkdtemp(join(tmpdir(), 'inlet-property-'));
await chmod(directory, 0o755); // PostgreSQL may have to enter it as somebody else.
const postgres = await startPostgres({
  directory: join(directory, 'postgres'),
  password: randomBytes(16).toString('hex'),
  throwAway: true,
  logFile: join(directory, 'postgres.log'),
});
const store = openStore(postgres.url, { max: 12 });
try {
  await migrate(store);
  say(`${cases} cases, seed ${seed}`);
  if (values.rows !== undefined) await contested(Number(values.rows), Number(values.chunk ?? 20_000));
  else await small();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  await store.close();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}

async function small(): Promise<void> {
  const hits = await (values.preview === true ? checkPreviews : checkPeople)(store, { cases, seed });
  const rows = [...hits.values()].reduce((sum, count) => sum + count, 0);
  const seldom = seldomHit(hits, 50);
  say(
    `${rows} rows came out as the model says. Cells of the tables hit fewer than 50 times: ${seldom.length}`,
  );
  for (const line of seldom) say(`  ${line}`);
  if (seldom.length > 0) process.exitCode = 1;
}

async function contested(rows: number, chunkRows: number): Promise<void> {
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
