import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';

const fileFor = (workspace: string) => `
workspace: { name: ${workspace}, identifiers: [id, email] }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  customers:
    name: CRM customers
    database: crm
    every: 1h
    identifyBy: id
    query: |
      SELECT id, email, balance FROM customers
      WHERE updated_at > to_timestamp({{last_sync_time}}) ORDER BY id
  leads:
    database: crm
    every: 2h
    identifyBy: id
    query: SELECT id, email, note FROM leads ORDER BY n
`;

// Commands are processes of their own, some of them in every test: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let inlet: Inlet;
let file: string;
beforeAll(async () => {
  inlet = await createInlet();
  file = fileFor(inlet.workspace);
  await inlet.write(file);
  await inlet.source.query(`
    CREATE TABLE customers (id bigint PRIMARY KEY, email text, balance numeric, updated_at timestamptz);
    INSERT INTO customers SELECT n, 'c' || n || '@example.com', 12345678901234567890.10 + n, now() - interval '1 day'
    FROM generate_series(1, 250) n;
    CREATE TABLE leads (n int, id text, email text, note text);
    INSERT INTO leads SELECT n, 'lead-' || n, 'l' || n || '@example.com', 'fine' FROM generate_series(1, 30) n;
    INSERT INTO leads VALUES
      (31, NULL, 'nokey@example.com', NULL),
      (32, '=1+1', 'not an email', '=HYPERLINK("http://evil")'),
      (33, '-5', E'esc\\u001b[31m', 'red');`);
  await inlet.startWorker();
});
afterAll(() => inlet.close());

describe('before anything is applied', () => {
  it('lists the syncs of the file as not applied', async () => {
    const { code, stdout } = await inlet.inlet('list');
    expect(stdout).toMatch(/^customers +crm +1h +none +not applied$/m);
    expect(code).toBe(0);
  });

  it('previews rows with a verdict each, exact numbers, and writes nothing', async () => {
    const ran = await inlet.inlet('preview', 'customers', '--json');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/"balance": ?12345678901234567891\.10/);
    expect(dataOf(ran)).toMatchObject({
      lastSyncTime: 0,
      problems: [],
      columns: [{ name: 'id' }, { name: 'email' }, { name: 'balance', type: 'numeric' }],
    });
    expect((ran.stdout.match(/"verdict": "added"/g) ?? []).length).toBe(100);
    const people = await inlet.store.query('SELECT FROM inlet.people');
    expect(people.rowCount).toBe(0);
  });

  it('says of status, pause and trigger that the sync is not applied', async () => {
    for (const words of [['status'], ['pause', '--reason', 'x'], ['trigger'], ['delete']]) {
      const { code, stderr } = await inlet.inlet(...words, 'customers');
      expect(stderr).toContain('The sync "customers" is not applied. "inlet apply customers" starts it.');
      expect(code).toBe(1);
    }
  });
});

describe('the main job', () => {
  it('applies both syncs, and says what it did, the columns and what comes next', async () => {
    const { code, stdout, stderr } = await inlet.inlet('apply');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^customers {2}created$/m);
    expect(stdout).toContain('id bigint, email text, balance numeric');
    expect(stdout).toMatch(/^leads {2}created$/m);
    expect(code).toBe(0);
  });

  it('imports at once: all added, and last_sync_time advances', async () => {
    await inlet.untilStatus('customers', 1, 'Completed');
    const status = await inlet.inlet('status', 'customers', '--json');
    expect(status.code).toBe(0);
    expect(dataOf(status)).toMatchObject({
      answered: true,
      activity: 'waiting',
      warnings: [],
      latest: { number: 1, counts: { rows: 250, added: 250, failed: 0 } },
    });
    const { lastSyncTime } = JSON.parse(status.stdout) as { lastSyncTime: number };
    expect(Math.abs(lastSyncTime - Date.now() / 1000)).toBeLessThan(60);
  });

  it('reads only what has changed since, when it is triggered', async () => {
    await inlet.source.query(
      `UPDATE customers SET balance = 1, updated_at = now() + interval '1 minute' WHERE id <= 2`,
    );
    const { code, stdout } = await inlet.inlet('trigger', 'customers', '--wait');
    expect(stdout).toMatch(/^customers #2 {2}Completed/);
    expect(stdout).toMatch(/^ {2}updated +2$/m);
    expect(stdout).toMatch(/^ {2}all +2$/m);
    expect(code).toBe(0);
  });

  it('reads everything with --full', async () => {
    const ran = await inlet.inlet('trigger', 'customers', '--full', '--wait', '--json');
    expect(dataOf(ran)).toMatchObject({
      number: 3,
      status: 'Completed',
      full: true,
      lastSyncTime: 0,
      counts: { rows: 250, unchanged: 250 },
    });
    expect(ran.code).toBe(0);
  });

  it('shows the imports and one of them, with phases and the SQL that it ran', async () => {
    const imports = await inlet.inlet('imports', 'customers');
    expect(imports.stdout.split('\n')).toHaveLength(4);
    expect(imports.stdout).toMatch(/^3 +Completed/m);
    const one = await inlet.inlet('import', 'customers', '2');
    expect(one.stdout).toMatch(/phases +wait .*, stage .*, plan .*, apply .*, close /);
    expect(one.stdout).toMatch(/WHERE updated_at > to_timestamp\(\d{10}\)/);
    expect(one.code).toBe(0);
  });

  it('follows an import with watch, and ends with its outcome', async () => {
    const watching = inlet.start('watch', 'customers', '--once');
    await new Promise<void>((resolve) => {
      watching.stderr.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('waiting for the next one')) resolve();
      });
    });
    await inlet.inlet('trigger', 'customers');
    const { exitCode, stdout } = await watching;
    expect(stdout).toMatch(/^customers #4 {2}Completed/);
    expect(exitCode).toBe(0);
  });

  it('pauses with a reason, shows it, and resumes', async () => {
    const paused = await inlet.inlet('pause', 'customers', '--reason', 'CRM migration');
    expect(paused.stdout).toMatch(/^customers is paused since .*Z: CRM migration$/);
    expect(paused.code).toBe(0);
    const status = await inlet.inlet('status', 'customers');
    expect(status.stdout).toMatch(/paused +since .*: CRM migration/);
    const resumed = await inlet.inlet('resume', 'customers');
    expect(resumed.stdout).toMatch(/^customers goes on: waiting for its next run; next run .*\(in \d+ m/);
    expect(resumed.code).toBe(0);
  });

  it('reviews a sync: what apply would change, the SQL, and the next five runs', async () => {
    const same = await inlet.inlet('review', 'customers', '--json');
    expect(dataOf(same)).toMatchObject({ apply: 'change nothing', changes: [], mode: 'add-and-update' });
    const { nextRuns, sql } = JSON.parse(same.stdout) as { nextRuns: string[]; sql: string };
    expect(nextRuns).toHaveLength(5);
    expect(sql).toMatch(/updated_at > to_timestamp\(\d{10}\)/);
    await inlet.write(file.replace('every: 1h', 'every: 3h'));
    const changed = await inlet.inlet('review', 'customers');
    expect(changed.stdout).toMatch(/apply would +change it$/m);
    expect(changed.stdout).toContain('every: 1h → 3h');
    await inlet.write(file);
  });

  it('lists what a sync does now', async () => {
    const listed = await inlet.inlet('list');
    expect(listed.stdout).toMatch(/^customers +crm +1h +waiting, next \S+ \(in .*\) +#4 Completed/m);
    expect(listed.code).toBe(0);
  });

  it('says of an unchanged sync that it is, and of a changed one what that means', async () => {
    const same = await inlet.inlet('apply', 'customers', '--json');
    expect(dataOf(same)).toMatchObject({
      syncs: [{ sync: 'customers', outcome: 'unchanged', reason: null }],
    });
    await inlet.write(file.replace('SELECT id, email, balance', 'SELECT id, email'));
    const changed = await inlet.inlet('apply', 'customers');
    expect(changed.stdout).toMatch(/^customers {2}updated$/m);
    expect(changed.stderr).toContain('inlet trigger customers --full');
    await inlet.write(file);
    await inlet.inlet('apply', 'customers');
  });
});

describe('rows that fail', () => {
  it('make the import Some Rows Failed, and trigger --wait exit with 1', async () => {
    const { code, stdout } = await inlet.inlet('trigger', 'leads', '--wait');
    expect(stdout).toMatch(/^leads #2 {2}Some Rows Failed/);
    expect(stdout).toMatch(/^ {2}invalid_email +main +2$/m);
    expect(stdout).toMatch(/^ {2}blank_key +main +1$/m);
    expect(code).toBe(1);
  });

  it('are shown by reason and one by one, and cannot steer the terminal', async () => {
    const { code, stdout, stderr } = await inlet.inlet('failures', 'leads');
    expect(stderr).toContain('Import 2 of "leads" is the latest with failed rows.');
    expect(stdout).toMatch(/^row 31 {2}/m);
    expect(stdout).toMatch(/^row 32 {2}key =1\+1 {2}email "not an email" {2}invalid_email$/m);
    expect(stdout).toContain('esc\\u001b[31m');
    expect(stdout).not.toContain('\u001b');
    expect(code).toBe(0);
  });

  it('are written as CSV, without formulas, to a file that is for its owner only', async () => {
    const { code, stdout, stderr } = await inlet.inlet('failures', 'leads', '2', '--csv', 'failed.csv');
    expect(stdout).toBe('');
    expect(stderr).toBe('3 rows written to failed.csv.');
    expect(code).toBe(0);
    const csv = await readFile(join(inlet.directory, 'failed.csv'), 'utf8');
    expect(csv).toContain("main,32,'=1+1,invalid_email,");
    expect(csv).toContain('main,33,-5,invalid_email,');
    const toStdout = await inlet.inlet('failures', 'leads', '2', '--csv', '-');
    expect(`${toStdout.stdout}\n`).toBe(csv);
  });

  it('are given as JSON with the rows as they came', async () => {
    const ran = await inlet.inlet('failures', 'leads', '--json');
    expect(dataOf(ran)).toMatchObject({
      sync: 'leads',
      number: 2,
      status: 'Some Rows Failed',
      failures: [
        { rowNumber: 31, key: null, reason: 'blank_key', row: { id: null, note: null } },
        { rowNumber: 32, reason: 'invalid_email', row: { id: '=1+1' } },
        { rowNumber: 33, reason: 'invalid_email' },
      ],
    });
  });

  it('hold last_sync_time back, which status says', async () => {
    const { stderr } = await inlet.inlet('status', 'leads');
    expect(stderr).toContain('last_sync_time is held back since import 1');
    expect(stderr).toContain('"inlet failures leads 1" says why');
  });

  it('may stay as they are: accept moves last_sync_time past them, and ends that warning', async () => {
    const { code, stdout } = await inlet.inlet('accept', 'leads', '2');
    expect(stdout).toMatch(
      /^last_sync_time of leads moved from 0 to \d{10} .* past the 3 failed rows of import 2\.$/,
    );
    expect(code).toBe(0);
    expect((await inlet.inlet('status', 'leads')).stderr).toBe('');
    const refused = await inlet.inlet('accept', 'leads', '1');
    expect(refused.stderr).toContain('last_sync_time is past import 1 of "leads" already');
    expect(refused.code).toBe(1);
  });

  it('are fine once they are mended', async () => {
    await inlet.source.query(`DELETE FROM leads WHERE n > 30`);
    const { code } = await inlet.inlet('trigger', 'leads', '--wait');
    expect(code).toBe(0);
    const { stderr } = await inlet.inlet('status', 'leads');
    expect(stderr).toBe('');
  });
});

describe('output', () => {
  it('ends quietly when its reader goes away', async () => {
    const { stdout, stderr } = await inlet.shell('inlet preview customers --full --json | head -1');
    expect(stdout).toBe('{');
    expect(stderr).toBe('');
  });

  it('says once, on stderr, that .inlet/env was read', async () => {
    const { INLET_STORE_URL = '', ...others } = inlet.env;
    const line = `mkdir -p .inlet && umask 077 && echo "INLET_STORE_URL=${INLET_STORE_URL}" > .inlet/env`;
    await inlet.shell(line);
    delete inlet.env.INLET_STORE_URL;
    const { code, stdout, stderr } = await inlet.inlet('list', '--json');
    Object.assign(inlet.env, { INLET_STORE_URL }, others);
    await inlet.shell('rm -r .inlet');
    expect(stderr).toMatch(/^Taken from .*\.inlet\/env: what the environment does not set\.$/);
    expect(JSON.parse(stdout)).toMatchObject({ workspace: inlet.workspace });
    expect(code).toBe(0);
  });
});

describe('a running import', () => {
  it('is shown by status, canceled by cancel, and its sync goes on', async () => {
    await inlet.write(
      file.replace(
        'SELECT id, email, note FROM leads',
        'SELECT id, email, pg_sleep(1)::text AS note FROM leads',
      ),
    );
    await inlet.inlet('apply', 'leads');
    const { stdout } = await inlet.inlet('trigger', 'leads');
    expect(stdout).toBe('Import 4 of "leads" is on its way.');
    await inlet.untilStatus('leads', 4, 'Running');
    const status = await inlet.inlet('status', 'leads');
    expect(status.stdout).toMatch(/now +import 4 runs/);
    const canceled = await inlet.inlet('cancel', 'leads');
    expect(canceled.stdout).toContain('Import 4 of "leads" is being canceled');
    expect(canceled.code).toBe(0);
    await inlet.untilStatus('leads', 4, 'Canceled');
  });

  it('is nothing to cancel once it has ended', async () => {
    const { code, stderr } = await inlet.inlet('cancel', 'leads');
    expect(stderr).toBe('No import of "leads" runs or is queued.');
    expect(code).toBe(1);
  });
});

describe('a sync that is gone from the file', () => {
  it('is listed as such, goes on, and can be deleted', async () => {
    await inlet.write(file.replace(/ {2}leads:[^]*/, ''));
    const listed = await inlet.inlet('list');
    expect(listed.stdout).toMatch(/^leads .* not in the file$/m);
    const status = await inlet.inlet('status', 'leads');
    expect(status.stderr).toContain('"leads" is not in the file any more, but goes on.');
    const deleted = await inlet.inlet('delete', 'leads');
    expect(deleted.stdout).toContain('leads is deleted.');
    expect(deleted.code).toBe(0);
  });

  it('keeps its log when it is deleted, and runs no more', async () => {
    const imports = await inlet.inlet('imports', 'leads', '--json');
    expect(dataOf(imports)).toMatchObject({
      imports: [{ number: 4 }, { number: 3 }, { number: 2 }, { number: 1 }],
    });
    const status = await inlet.inlet('status', 'leads');
    expect(status.stdout).toMatch(/now +deleted /);
    expect(status.stderr).toContain('The sync "leads" does not run');
    expect(status.code).toBe(1);
    const listed = await inlet.inlet('list');
    expect(listed.stdout).not.toContain('leads');
    expect((await inlet.inlet('list', '--all')).stdout).toMatch(/^leads .* deleted$/m);
  });
});

describe('times that syncs share', () => {
  it('are told of between a sync that is applied and those that run, not those that do not', async () => {
    const like = (name: string) =>
      `  ${name}:\n    { database: crm, every: 1h, identifyBy: id, query: 'SELECT id FROM leads WHERE false' }\n`;
    await inlet.write(`${file}${like('orders')}${like('planned')}`);
    const { code, stderr } = await inlet.inlet('apply', 'orders');
    expect(stderr).toContain('"customers" (every 1h) and "orders" (every 1h) share their times');
    expect(stderr).not.toContain('planned');
    expect(code).toBe(0);
  });
});
