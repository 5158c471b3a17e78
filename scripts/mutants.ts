import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../dev/postgres-server.js';
import { migrate } from '../store/migrate.js';
import { openStore } from '../store/store.js';
import { checkPeople } from '../test/support/people-property.js';

// npm run mutants [-- --cases N] [--only WORD]: breaks one rule of the store's SQL after the other, as it is sent to the
// server, and sees that the property test notices. A mutant that survives, or whose pattern is found nowhere, fails.

interface Mutant {
  rule: string;
  find: RegExp;
  put: string;
}

const mutants: Mutant[] = [
  {
    rule: 'a blank key fails',
    find: /IS NULL OR inlet\.is_blank\(s\.c\d+\) THEN 'blank_key'/,
    put: "IS NULL THEN 'blank_key'",
  },
  {
    rule: 'a NULL key fails',
    find: /s\.c\d+ IS NULL OR (inlet\.is_blank\(s\.c\d+\)) THEN 'blank_key'/,
    put: "$1 THEN 'blank_key'",
  },
  { rule: 'NBSP is blank', find: /\\00A0/, put: '' },
  { rule: 'U+200B is not blank', find: /\\200A/, put: '\\200A\\200B' },
  { rule: 'ids are limited to 150', find: /octet_length\(cell\) > 150/, put: 'octet_length(cell) > 151' },
  {
    rule: 'the limit of ids is in bytes',
    find: /octet_length\(cell\) > 150/,
    put: 'char_length(cell) > 150',
  },
  { rule: 'emails are limited to 254', find: /char_length\(cell\) > 254/, put: 'char_length(cell) > 255' },
  {
    rule: 'too long comes before invalid',
    find: /(WHEN char_length\(cell\) > 254 THEN 'too_long') (WHEN NOT inlet.is_email\(cell\) THEN 'invalid_email')/,
    put: '$2 $1',
  },
  { rule: 'emails are valid', find: /WHEN NOT inlet.is_email\(cell\) THEN 'invalid_email'/, put: '' },
  { rule: 'quoted local parts are valid', find: /\|\| '\|"\(.*?\)\*"\)'/, put: "|| ')'" },
  { rule: 'domain literals are valid', find: /\|\| '\|\\\[.*?\\\]\)\$'/, put: "|| ')$'" },
  {
    rule: 'a cell that cannot be stored fails its row',
    find: /IS NOT NULL AND j\.j\d+ IS NULL THEN 'unstorable'/,
    put: "IS NULL AND false THEN 'unstorable'",
  },
  {
    rule: 'a row that fails by itself does not supersede',
    find: /(WITH repeated AS[^]*?)WHERE \([^]*?\) IS NULL\n/,
    put: '$1',
  },
  {
    rule: 'the later row supersedes',
    find: /max\(n\) OVER \(PARTITION BY key\)([^]*)n < newest/,
    put: 'min(n) OVER (PARTITION BY key)$1n > newest',
  },
  {
    rule: 'superseded rows do nothing else',
    find: /SELECT n, place, 0 FROM ranked WHERE n < newest/,
    put: '$& AND false',
  },
  {
    rule: 'keys that are emails compare without case (superseding)',
    find: /lower\((s\.c\d+)\) AS key FROM/,
    put: '$1 AS key FROM',
  },
  {
    rule: 'keys that are emails compare without case (people)',
    find: /lower\(p\.email\) = lower\(st\.key\)/,
    put: 'p.email = st.key',
  },
  {
    rule: 'add: someone who is there is skipped',
    find: /WHEN person IS NOT NULL THEN 'skip'/,
    put: "WHEN person IS NOT NULL THEN 'update'",
  },
  { rule: 'update: nobody is added', find: /ELSE 'skip'\n/, put: "ELSE 'add'\n" },
  {
    rule: 'add: nobody is claimed',
    find: /owner_key IS NULL THEN 'skip'/,
    put: "owner_key IS NULL THEN 'claim'",
  },
  { rule: 'a person without key is claimed', find: /owner_key IS NULL THEN 'claim'/, put: 'false THEN NULL' },
  {
    rule: 'a person with another key is not claimed',
    find: /AND owner_key IS NULL THEN 'claim'/,
    put: "THEN 'claim'",
  },
  {
    rule: 'a claim applies the attributes',
    find: /\(owner_had \|\| attributes\) - removed/,
    put: 'owner_had',
  },
  { rule: 'a claim gives the key', find: /= coalesce\(p\.(\w+), c\.key\)/, put: '= p.$1' },
  {
    rule: 'the stored spelling of the key stays',
    find: /coalesce\(p\.email, c\.key\)/,
    put: 'coalesce(c.key, p.email)',
  },
  {
    rule: 'an invalid O is refused',
    find: /WHEN other_problem IS NOT NULL THEN other_problem/,
    put: 'WHEN other_problem IS NOT NULL THEN NULL',
  },
  { rule: 'O of another is refused', find: /THEN 'belongs_to_another'/, put: 'THEN NULL' },
  {
    rule: 'belongs to another comes before already set',
    find: /WHEN owner <> coalesce\(person, -1\)/,
    put: '$& AND had_other IS NULL',
  },
  {
    rule: 'invalid comes before already set',
    find: /(WHEN other_problem IS NOT NULL) THEN other_problem/,
    put: '$1 AND had_other IS NULL THEN other_problem',
  },
  { rule: 'a set identifier is not changed', find: /THEN 'already_set'/, put: 'THEN NULL' },
  {
    rule: 'allowEmailUpdatesUsingId lets emails change',
    find: /THEN NULL(\s+END AS refusal)/,
    put: "THEN 'already_set'$1",
  },
  {
    rule: 'an email that differs by case is the same',
    find: /lower\(had_other\) <> lower\(other\)/g,
    put: 'had_other <> other',
  },
  { rule: 'a blank identifier is set', find: /\(had_other IS NULL OR /, put: '(had_other IS NOT NULL AND ' },
  {
    rule: 'a blank O is none',
    find: /CASE WHEN NOT inlet\.is_blank\((s\.c\d+)\) THEN s\.c\d+ END AS other/,
    put: '$1 AS other',
  },
  {
    rule: 'a refused row still applies its attributes',
    find: /\(action = 'update' AND merged <> had\)/,
    put: "(action = 'update' AND refusal IS NULL AND merged <> had)",
  },
  {
    rule: 'a refused O is not written',
    find: /CASE WHEN refusal IS NULL THEN other END, merged/,
    put: 'other, merged',
  },
  {
    rule: 'attributes the query lacks are left alone',
    find: /\(had \|\| attributes\) - removed/,
    put: 'attributes - removed',
  },
  { rule: 'NULL removes an attribute', find: /\(had \|\| attributes\) - removed/, put: 'had || attributes' },
  { rule: 'NULL is not stored', find: /THEN attributes - removed/, put: 'THEN attributes' },
  {
    rule: 'json null removes an attribute',
    find: /coalesce\((j\.j\d+), 'null'\) = 'null'/,
    put: '$1 IS NULL',
  },
  {
    rule: 'who is unchanged is not written',
    find: /WHERE p\.person_id = c\.target AND c\.changed/,
    put: 'WHERE p.person_id = c.target',
  },
  {
    rule: 'unchanged is not counted as updated',
    find: /WHEN changed THEN 'updated'/,
    put: "WHEN true THEN 'updated'",
  },
  { rule: 'a refused row counts as failed', find: /WHEN refusal IS NOT NULL THEN 'failed'/, put: '' },
  {
    rule: 'people added by failed rows are counted',
    find: /refusal IS NOT NULL AND action = 'add' AS added_by_failed/,
    put: 'false AS added_by_failed',
  },
  {
    rule: 'a failed row that changed nothing wrote none',
    find: /WHEN changed THEN 'attributes' ELSE 'none'/,
    put: "ELSE 'attributes'",
  },
  {
    rule: 'the person collided with is named',
    find: /inlet\.person_name\(owner_id, owner_email\)/,
    put: 'inlet.person_name(owner_id, NULL)',
  },
  {
    rule: 'the first failures are kept',
    find: /ORDER BY query, row_number\n/,
    put: 'ORDER BY query, row_number DESC\n',
  },
  {
    rule: 'identifiers wanted twice are contested',
    find: /(INTO inlet_contested[^]*?)HAVING count\(\*\) > 1/,
    put: '$1HAVING count(*) > 1000',
  },
  {
    rule: 'identifiers wanted and held are contested',
    find: /(SELECT DISTINCT lower\(q\.email\)[^]*?WHERE )/,
    put: '$1false AND ',
  },
  {
    rule: 'a row that gives up a contested identifier is contested',
    find: /(INTO \S+ AS m \(n, place, wants, gives\)[^]*?)ON CONFLICT/,
    put: '$1 WHERE false ON CONFLICT',
  },
  {
    rule: 'an identifier without a key beside it may be claimed, so it is contested',
    find: /(DELETE FROM inlet_contested[^]*?)AND \S+ IS NOT NULL/,
    put: '$1',
  },
  {
    rule: 'contested rows go in the order of the query',
    find: /WHERE m\.level IS NULL ORDER BY m\.n/,
    put: '$& DESC',
  },
  {
    rule: 'contested rows wait for those that want the same',
    find: /greatest\(level_of\[mark\.wants\], /,
    put: 'greatest(',
  },
  {
    rule: 'contested rows wait for those that give up what they want',
    find: /IF mark\.gives IS NOT NULL THEN level_of\[mark\.gives\] := this_level; END IF;/,
    put: '',
  },
];

const { values } = parseArgs({ options: { cases: { type: 'string' }, only: { type: 'string' } } });
const cases = Number(values.cases ?? 1_000);
const say = (line: string) => process.stdout.write(`${line}\n`);

const directory = await mkdtemp(join(tmpdir(), 'inlet-mutants-'));
await chmod(directory, 0o755); // PostgreSQL may have to enter it as somebody else.
const postgres = await startPostgres({
  directory: join(directory, 'postgres'),
  password: randomBytes(16).toString('hex'),
  throwAway: true,
  logFile: join(directory, 'postgres.log'),
});
try {
  for (const mutant of mutants.filter(({ rule }) => rule.includes(values.only ?? ''))) {
    const fate = await tryOut(mutant);
    say(`${fate === 'caught' ? 'caught  ' : fate.toUpperCase()} ${mutant.rule}`);
    if (fate !== 'caught') process.exitCode = 1;
  }
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}

async function tryOut({ find, put }: Mutant): Promise<'caught' | 'survived' | 'not found' | 'not SQL'> {
  const { url, drop } = await newDatabase();
  const mutated = mutatedQueries(find, put);
  const store = openStore(url, { max: 12 });
  try {
    await migrate(store);
    await checkPeople(store, { cases, seed: 1, shrink: false });
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

async function newDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `mutant_${randomBytes(6).toString('hex')}`;
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  const admin = async (statement: string) => {
    const client = new pg.Client(postgres.url);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await admin(`CREATE DATABASE ${name}`);
  return { url: url.toString(), drop: () => admin(`DROP DATABASE ${name} WITH (FORCE)`) };
}
