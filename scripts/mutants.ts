import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrate } from '../store/migrate.js';
import { openStore } from '../store/store.js';
import { checkContested, checkPeople } from '../test/support/people-property.js';
import { mutants, type Mutant } from './people-mutants.js';
import { onThrowAwayPostgres } from './throw-away-postgres.js';

// npm run mutants [-- --cases N] [--only WORD]: breaks one rule of the store's SQL after the other, as it is sent to the
// server, and sees that the property test notices. A mutant that survives, or whose pattern is found nowhere, fails.

const { values } = parseArgs({ options: { cases: { type: 'string' }, only: { type: 'string' } } });
const cases = Number(values.cases ?? 1_000);
const say = (line: string) => process.stdout.write(`${line}\n`);

await onThrowAwayPostgres(async (server) => {
  for (const mutant of mutants.filter(({ rule }) => rule.includes(values.only ?? ''))) {
    const fate = await tryOut(mutant, server);
    say(`${fate === 'caught' ? 'caught  ' : fate.toUpperCase()} ${mutant.rule}`);
    if (fate !== 'caught') process.exitCode = 1;
  }
});

async function tryOut(
  { find, put }: Mutant,
  server: string,
): Promise<'caught' | 'survived' | 'not found' | 'not SQL'> {
  const { url, drop } = await newDatabase(server);
  const mutated = mutatedQueries(find, put);
  const store = openStore(url, { max: 12 });
  try {
    await migrate(store);
    await checkPeople(store, { cases, seed: 1, shrink: false });
    await checkPeople(store, { cases, seed: 2, shrink: false, nobody: true });
    // One statement for all rows of a level, so that those which may not meet there do.
    for (const seed of [0, 1, 2, 3, 4, 5])
      await checkContested(store, { rows: 1_000, seed, chunkRows: 20_000, lanes: 2 });
    return mutated.count > 0 ? 'survived' : 'not found';
  } catch (error) {
    if (mutated.count === 0) throw error;
    return /syntax error|does not exist/.test(String(error)) ? 'not SQL' : 'caught';
  } finally {
    mutated.restore();
    await store.close();
    await drop();
  }
}

/** Changes what is sent to the server from now on; `count` says how often the pattern was found. */
function mutatedQueries(find: RegExp, put: string): { count: number; restore: () => void } {
  const state = { count: 0, restore: () => undefined as void };
  const prototype: { query: (this: pg.Client, first: unknown, ...rest: unknown[]) => unknown } =
    pg.Client.prototype;
  const { query } = prototype;
  const mutate = (text: string) => {
    const changed = text.replace(find, put);
    if (changed !== text) state.count += 1;
    return changed;
  };
  prototype.query = function (first, ...rest) {
    const isConfig = typeof first === 'object' && first !== null && 'text' in first && 'values' in first;
    if (typeof first === 'string') return query.call(this, mutate(first), ...rest);
    if (isConfig) return query.call(this, { ...first, text: mutate(String(first.text)) }, ...rest);
    return query.call(this, first, ...rest);
  };
  state.restore = () => {
    prototype.query = query;
  };
  return state;
}

async function newDatabase(server: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `mutant_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const admin = async (statement: string) => {
    const client = new pg.Client(server);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await admin(`CREATE DATABASE ${name}`);
  return { url: url.toString(), drop: () => admin(`DROP DATABASE ${name} WITH (FORCE)`) };
}
