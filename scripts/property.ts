import { randomBytes, randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../dev/postgres-server.js';
import { migrate } from '../store/migrate.js';
import { openStore } from '../store/store.js';
import { checkPreviews } from '../test/support/preview-property.js';
import { checkPeople, seldomHit } from '../test/support/people-property.js';

// npm run property -- [--cases N] [--seed S] [--preview]: compares any number of random imports, or previews, with the
// model of the rules (test/support/people-model.ts), on a PostgreSQL of its own.

const { values } = parseArgs({
  options: { cases: { type: 'string' }, seed: { type: 'string' }, preview: { type: 'boolean' } },
});
const cases = Number(values.cases ?? 1_000);
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
  const hits = await (values.preview === true ? checkPreviews : checkPeople)(store, { cases, seed });
  const rows = [...hits.values()].reduce((sum, count) => sum + count, 0);
  const seldom = seldomHit(hits, 50);
  say(
    `${rows} rows came out as the model says. Cells of the tables hit fewer than 50 times: ${seldom.length}`,
  );
  for (const line of seldom) say(`  ${line}`);
  if (seldom.length > 0) process.exitCode = 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  await store.close();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
