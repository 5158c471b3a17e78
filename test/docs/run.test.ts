import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureRole } from '../support/database.js';
import { createInlet, type Inlet } from '../support/inlet.js';
import { readPages, root, type Block } from './pages.js';

/*
 * Runs what the pages show, on the sample (examples/): its shell blocks by the command line, with a worker that serves it,
 * and its SQL on the store or the source, rolled back. Each block stands for itself, in the order of the pages.
 */

const blocks = (await readPages())
  .flatMap((page) => page.blocks)
  .filter(({ marks }) => !marks.has('not-run'));
const of = (...languages: string[]) =>
  blocks.filter(({ language }) => languages.includes(language)).map((block) => [block.place, block] as const);

let inlet: Inlet;

beforeAll(async () => {
  inlet = await createInlet();
  await ensureRole('crm_reader');
  await inlet.source.query(await readFile(join(root, 'examples', 'crm.sql'), 'utf8'));
  const sample = await readFile(join(root, 'examples', 'inlet.yaml'), 'utf8');
  // Hourly, so that what the blocks do is not in the way of the schedule.
  await inlet.write(
    sample.replace('name: sample', `name: ${inlet.workspace}`).replaceAll('every: 1m', 'every: 1h'),
  );
  await inlet.startWorker();
  expect((await inlet.inlet('apply')).code).toBe(0);
  for (const sync of ['companies', 'customers', 'newsletter']) await inlet.untilStatus(sync, 1, 'Completed');
  await inlet.untilStatus('leads', 1, 'Some Rows Failed');
}, 180_000);

afterAll(() => inlet.close());

/** Each of a block's commands starts a process; on a machine that does much else that takes seconds. */
describe('sh', { timeout: 240_000 }, () => {
  test.each(of('sh', 'bash'))('%s', async (_, block) => {
    const npx = 'npx() { [ "$1" = inlet ] && shift; inlet "$@"; };';
    const { code, stderr } = await inlet.shell(`set -eo pipefail; ${npx}\n${block.text}`);
    expect(stderr).not.toContain('command not found');
    expect(code, stderr).toBe(Number(block.marks.get('exit') ?? 0));
  });
});

describe('sql', () => {
  test.each(of('sql'))('%s', async (_, block) => {
    const results = await rolledBack(block);
    const empty = results.filter(({ fields, rows }) => fields.length > 0 && rows.length === 0);
    // A query that finds nothing has not shown that it finds what it should.
    if (!block.marks.has('may-be-empty')) expect(empty.map(({ command }) => command)).toEqual([]);
  });
});

async function rolledBack(block: Block): Promise<pg.QueryResult[]> {
  const client = await (block.marks.get('on') === 'source' ? inlet.source : inlet.store).connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
    return resultsOf(await client.query(here(block.text, rows[0]?.name ?? '')));
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

/** The names that the pages use are not those that the test's databases and its workspace have. */
function here(text: string, database: string): string {
  return text
    .replaceAll('{{last_sync_time}}', '0')
    .replaceAll("'acme'", `'${inlet.workspace}'`)
    .replaceAll(/\bDATABASE (?:crm|inlet)\b/g, `DATABASE ${pg.escapeIdentifier(database)}`);
}

/** What several statements give is an array, though pg's types don't say so. */
function resultsOf(given: pg.QueryResult | pg.QueryResult[]): pg.QueryResult[] {
  return Array.isArray(given) ? given : [given];
}
