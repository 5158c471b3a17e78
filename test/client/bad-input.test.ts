import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createInlet, dataOf, type Inlet } from '../support/inlet.js';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const head = () => `
workspace: { name: ${inlet.workspace}, identifiers: [id, email] }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
`;

/** A file with these syncs; each is its query, by its name. */
function fileWith(queries: Record<string, string>, identifyBy = 'id'): string {
  const syncs = Object.entries(queries).map(
    ([name, query]) =>
      `  ${name}: { database: crm, every: 1h, whenBusy: wait, identifyBy: ${identifyBy}, query: ${JSON.stringify(query)} }`,
  );
  return `${head()}${syncs.join('\n')}\n`;
}

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (text: RegExp): unknown => expect.stringMatching(text);
const including = (item: object): unknown => expect.arrayContaining([expect.objectContaining(item)]);

// Commands are processes of their own, some of them in every test: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let inlet: Inlet;
let proxy: TcpProxy;
let crmUrl: string;
beforeAll(async () => {
  inlet = await createInlet();
  crmUrl = inlet.env.CRM_DATABASE_URL ?? '';
  proxy = await tcpProxy(crmUrl);
  inlet.env.CRM_DATABASE_URL = proxy.url;
  await inlet.source.query(`
    CREATE TABLE people (id int, email text);
    INSERT INTO people VALUES (1, 'a@example.com'), (2, 'b@example.com');
    CREATE VIEW moving AS SELECT id, email FROM people`);
  await inlet.write(fileWith({ people: 'SELECT id, email FROM people' }));
  await inlet.startWorker();
});
afterAll(async () => {
  await inlet.close();
  await proxy.down();
});

describe('a file with mistakes', () => {
  it('is refused before anything starts: all mistakes, each with its line and what was meant', async () => {
    await inlet.write(`workspace: { name: ${inlet.workspace} }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  fine: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }
  one: { database: crm, evry: 1h, identifyBy: id, query: SELECT 1 AS id }
  two: { database: crm, every: 1h, identifyBy: id, query: [1] }
  three: { database: crm, every: soon, identifyBy: id, query: SELECT 1 AS id }
  four: { database: crm, every: 30s, identifyBy: id, query: SELECT 1 AS id }
  five: { database: crn, every: 1h, identifyBy: id, query: SELECT 1 AS id }
`);
    const { code, stdout, stderr } = await inlet.inlet('apply', 'fine');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^inlet\.yaml:5:\d+: .*evry.*every/m);
    expect(stderr).toMatch(/^inlet\.yaml:6:\d+: .*query/m);
    expect(stderr).toMatch(/^inlet\.yaml:7:\d+: .*every/m);
    expect(stderr).toMatch(/^inlet\.yaml:8:\d+: .*every.*at least 1m/m);
    expect(stderr).toMatch(/^inlet\.yaml:9:\d+: .*crn.*crm/m);
    const syncs = await inlet.store.query('SELECT FROM inlet.sync');
    expect(syncs.rowCount).toBe(0);
  });

  it('may be missing', async () => {
    const { code, stderr } = await inlet.inlet('list', '--config', 'nowhere.yaml');
    expect(stderr).toMatch(/^nowhere\.yaml: /);
    expect(code).toBe(2);
  });

  it.each(['preview people', 'check', 'worker'])('with a missing variable: %s names it', async (line) => {
    await inlet.write(
      fileWith({ people: 'SELECT id, email FROM people' }).replace('CRM_DATABASE_URL', 'NO_SUCH_URL'),
    );
    const { code, stderr } = await inlet.inlet(...line.split(' '));
    expect(stderr).toMatch(/^inlet\.yaml:3:\d+: .*NO_SUCH_URL/);
    expect(code).toBe(2);
  });
});

describe('a query that can not be', () => {
  const queries = {
    syntax: 'SELECT id,\n  email FORM people',
    table: 'SELECT id FROM pepole',
    two: 'SELECT id FROM people; DELETE FROM people',
    insert: "INSERT INTO people VALUES (3, 'c@example.com') RETURNING id",
    cte: 'WITH gone AS (DELETE FROM people RETURNING id) SELECT id FROM gone',
    parameter: 'SELECT id FROM people WHERE id = $1',
  };
  const says: Record<keyof typeof queries, RegExp> = {
    syntax: /line 2, column 14: syntax error at or near "people"/,
    table: /line 1, column 16: relation "pepole" does not exist/,
    two: /must be one statement/,
    insert: /one SELECT that only reads/,
    cte: /one SELECT that only reads/,
    parameter: /\$1/,
  };
  const names = Object.keys(queries) as (keyof typeof queries)[];

  it('is refused by apply with what the database says and where, and the others go on', async () => {
    await inlet.write(fileWith({ ...queries, people: 'SELECT id, email FROM people' }));
    const { code, stdout, stderr } = await inlet.inlet('apply');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^people {2}created/);
    const refusals = stderr.split('\n').filter((line) => line.includes(': refused: '));
    expect(refusals).toHaveLength(names.length);
    for (const name of names) {
      expect(stderr).toMatch(new RegExp(`^${name}: refused: .*${says[name].source}`, 'm'));
    }
    const people = await inlet.source.query('SELECT FROM people');
    expect(people.rowCount).toBe(2);
  });

  it.each(names)('is refused by preview: %s', async (name) => {
    const { code, stdout, stderr } = await inlet.inlet('preview', name);
    expect(stderr).toMatch(says[name]);
    expect(stdout).toBe('');
    expect(code).toBe(1);
    const people = await inlet.source.query('SELECT FROM people');
    expect(people.rowCount).toBe(2);
  });

  it('leaves the sync as it was', async () => {
    await inlet.write(fileWith({ people: 'SELECT id, email FROM pepole' }));
    const refused = await inlet.inlet('apply', 'people', '--json');
    expect(refused.code).toBe(1);
    expect(dataOf(refused)).toMatchObject({ syncs: [{ sync: 'people', outcome: 'refused' }] });
    const status = await inlet.inlet('status', 'people', '--json');
    expect(dataOf(status)).toMatchObject({ definition: { query: 'SELECT id, email FROM people' } });
  });
});

describe('a query that ends in a semicolon or a comment', () => {
  const queries = {
    semicolon: "SELECT 's' || id AS id FROM people;",
    comment: "SELECT 'c' || id AS id FROM people -- everybody",
  };

  it('works in preview, apply and an import', async () => {
    await inlet.write(fileWith(queries));
    for (const name of Object.keys(queries)) {
      const preview = await inlet.inlet('preview', name);
      expect(preview.stdout).toContain('2 rows: 2 added. Nothing was written.');
      expect(preview.code).toBe(0);
    }
    const { code, stderr } = await inlet.inlet('apply');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    for (const name of Object.keys(queries)) {
      await inlet.untilStatus(name, 1, 'Completed');
    }
  });
});

describe('columns that can not be imported', () => {
  const many = Array.from({ length: 300 }, (_, index) => `1 AS c${index}`).join(', ');
  const queries = {
    none: 'SELECT email FROM people',
    many: `SELECT id, ${many} FROM people`,
    repeated: 'SELECT id, email AS mail, email AS mail FROM people',
    cio: 'SELECT id, email AS cio_id FROM people',
  };
  const says: Record<keyof typeof queries, RegExp> = {
    none: /no column "id".*It gives: email/,
    many: /301 columns; at most 300/,
    repeated: /"mail" more than once/,
    cio: /"cio_id"/,
  };

  it('are refused by apply with the fix', async () => {
    await inlet.write(fileWith(queries));
    const { code, stderr } = await inlet.inlet('apply');
    expect(code).toBe(1);
    for (const [name, sentence] of Object.entries(says)) {
      expect(stderr).toMatch(new RegExp(`^${name}: refused: .*${sentence.source}`, 'm'));
    }
  });

  it('are shown by preview with their rows, beside what is wrong', async () => {
    await inlet.write(fileWith({ capital: 'SELECT id, email AS "Email" FROM people ORDER BY id' }, 'email'));
    const { code, stdout, stderr } = await inlet.inlet('preview', 'capital');
    expect(stderr).toContain('"Email" differs only by case: write "Email" AS "email"');
    expect(stdout).toContain('columns: id integer, Email text');
    expect(stdout).toMatch(/^ *1 +- +1 +a@example\.com$/m);
    expect(code).toBe(1);
    const refused = await inlet.inlet('apply', 'capital');
    expect(refused.stderr).toContain('write "Email" AS "email"');
    expect(refused.code).toBe(1);
  });
});

describe('a query that breaks later', () => {
  it('makes that import Failed with the reason, and the next goes on', async () => {
    await inlet.write(fileWith({ moving: 'SELECT * FROM moving' }));
    expect((await inlet.inlet('apply')).code).toBe(0);
    await inlet.source.query('DROP VIEW moving');
    const failed = await inlet.inlet('trigger', 'moving', '--wait');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/^moving #2 {2}Failed/);
    expect(failed.stdout).toMatch(/relation "moving" does not exist/);

    await inlet.source.query('CREATE VIEW moving AS SELECT id AS "ID" FROM people');
    const refused = await inlet.inlet('trigger', 'moving', '--wait', '--json');
    expect(refused.code).toBe(1);
    expect(dataOf(refused)).toMatchObject({
      number: 3,
      status: 'Failed',
      reason: containing('"ID" differs only by case'),
    });

    await inlet.source.query('CREATE OR REPLACE VIEW moving AS SELECT id AS "ID", id, email FROM people');
    expect((await inlet.inlet('trigger', 'moving', '--wait')).code).toBe(0);
  });
});

describe('a database that is not to be reached', () => {
  it('is told by check: which one, and whether it is down, the password or TLS', async () => {
    const wrong = new URL(crmUrl);
    wrong.password = 'wrong';
    inlet.env.WRONG_URL = wrong.toString();
    inlet.env.DOWN_URL = 'postgres://someone@127.0.0.1:9/nothing';
    await inlet.write(`workspace: { name: ${inlet.workspace} }
databases:
  crm: { type: postgres, url: "\${CRM_DATABASE_URL}" }
  down: { type: postgres, url: "\${DOWN_URL}" }
  password: { type: postgres, url: "\${WRONG_URL}" }
  tls: { type: postgres, url: "\${CRM_DATABASE_URL}", ssl: require }
syncs:
  people: { database: crm, every: 1h, identifyBy: id, query: SELECT 1 AS id }
`);
    const ran = await inlet.inlet('check', '--json');
    expect(ran.code).toBe(1);
    const problem = (message: RegExp) => including({ level: 'problem', message: matching(message) });
    expect(dataOf(ran)).toMatchObject({
      databases: [
        { database: 'crm', findings: including({ level: 'ok' }) },
        { database: 'down', findings: problem(/refuse|listen|reach/i) },
        { database: 'password', findings: problem(/password/i) },
        { database: 'tls', findings: problem(/TLS/) },
      ],
    });
    expect(ran.stdout).not.toContain('wrong@');
    const one = await inlet.inlet('check', 'tls');
    expect(one.stdout).toMatch(/^tls\n {2}problem /);
    expect(one.code).toBe(1);
  });

  it('is waited for by an import, which goes on when it is back', async () => {
    await inlet.write(fileWith({ people: 'SELECT id, email FROM people' }));
    await proxy.down();
    const { number } = JSON.parse((await inlet.inlet('trigger', 'people', '--json')).stdout) as {
      number: number;
    };
    await inlet.untilStatus('people', number, 'Running');
    const refused = await inlet.inlet('preview', 'people');
    expect(refused.stderr).toMatch(/crm/);
    expect(refused.code).toBe(1);
    await inlet.untilStatus('people', number, 'Running');
    await proxy.up();
    await inlet.untilStatus('people', number, 'Completed');
  });
});

describe('a name that is not there', () => {
  it.each(['preview', 'apply', 'status', 'trigger'])(
    'of a sync: %s exits with 2 and gives the names that are near',
    async (command) => {
      const { code, stdout, stderr } = await inlet.inlet(command, 'poeple');
      expect(stderr).toMatch(/^There is no sync "poeple" in inlet\.yaml\. Did you mean "people"/);
      expect(stdout).toBe('');
      expect(code).toBe(2);
    },
  );

  it('of a command, an option or a database', async () => {
    const command = await inlet.inlet('statsu');
    expect(command.stderr).toContain('Did you mean status?');
    const option = await inlet.inlet('trigger', 'people', '--wiat');
    expect(option.stderr).toContain('Did you mean --wait?');
    const database = await inlet.inlet('check', 'crn');
    expect(database.stderr).toContain('Did you mean "crm"?');
    expect([command.code, option.code, database.code]).toEqual([2, 2, 2]);
  });

  it('of an import: says which there are', async () => {
    const { code, stderr } = await inlet.inlet('import', 'people', '99');
    expect(stderr).toMatch(/^The log has no import 99 of "people"; the newest is \d+\./);
    expect(code).toBe(1);
  });
});
