import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../sources/source.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { asUser, never, run, sourceAt } from '../support/source-database.js';

let database: TestDatabase;

const check = (url: string): Promise<Finding[]> => sourceAt(url).check(never);
const checkReader = () => check(asUser(database.url, 'check_reader', 'x'));

async function findingOf(findings: Promise<Finding[]>, subject: string): Promise<Finding | undefined> {
  return (await findings).find((finding) => finding.subject === subject);
}

beforeAll(async () => {
  database = await createDatabase('check');
  await run(
    database.url,
    `CREATE ROLE check_reader LOGIN PASSWORD 'x'`,
    'CREATE ROLE check_writers NOINHERIT',
    'CREATE TABLE customers (id integer, email text)',
    'CREATE TABLE "Orders" (id integer)',
    'CREATE VIEW recent AS SELECT * FROM customers',
  );
});

afterAll(async () => {
  await run(
    database.url,
    'DROP OWNED BY check_reader, check_writers',
    'DROP ROLE check_reader',
    'DROP ROLE check_writers',
  );
  await database.drop();
});

describe('check', () => {
  it('says how it connects, and what it found', async () => {
    const findings = await checkReader();
    expect(findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
      'ok connects',
      'ok TLS',
      'ok version',
      'ok primary or standby',
      'ok comes from',
      'ok pooling',
      'ok read-only',
      'warning open transactions',
    ]);
    const messages = findings.map(({ message }) => message).join('\n');
    expect(messages).toContain('as user "check_reader"');
    expect(messages).toContain('PostgreSQL 1');
    expect(messages).toContain('A primary.');
    expect(messages).toContain('come from 127.0.0.1');
    expect(messages).toContain('"check_reader" can write to no table');
    expect(messages).toContain('GRANT pg_read_all_stats TO "check_reader"');
  });

  it('says that all transactions can be seen, with pg_read_all_stats', async () => {
    await run(database.url, 'GRANT pg_read_all_stats TO check_reader');
    expect(await findingOf(checkReader(), 'open transactions')).toMatchObject({ level: 'ok' });
  });

  it('warns of a superuser', async () => {
    const finding = await findingOf(check(database.url), 'read-only');
    expect(finding).toMatchObject({ level: 'warning' });
    expect(finding?.message).toContain('is a superuser');
  });

  it.each([
    ['GRANT INSERT, DELETE ON customers TO check_reader', 'DELETE, INSERT on public.customers.'],
    ['GRANT UPDATE (email) ON customers TO check_reader', 'UPDATE on public.customers.'],
    ['GRANT TRUNCATE ON "Orders" TO PUBLIC', 'TRUNCATE on public."Orders" as everybody (PUBLIC).'],
    ['GRANT UPDATE ON recent TO check_reader', 'UPDATE on public.recent.'],
    ['ALTER TABLE customers OWNER TO check_reader', 'ownership'],
    [
      'GRANT INSERT ON customers TO check_writers; GRANT check_writers TO check_reader',
      'INSERT on public.customers through role "check_writers"',
    ],
    ['GRANT pg_write_all_data TO check_reader', 'member of pg_write_all_data'],
    ['GRANT pg_write_server_files TO check_reader', 'member of pg_write_server_files'],
    ['GRANT pg_execute_server_program TO check_reader', 'member of pg_execute_server_program'],
    ['GRANT postgres TO check_reader', 'member of the superuser "postgres"'],
    ['ALTER ROLE check_reader CREATEROLE', 'it has CREATEROLE'],
  ])('warns after %s', async (grant, words) => {
    await run(database.url, grant);
    const finding = await findingOf(checkReader(), 'read-only');
    await run(
      database.url,
      'ALTER TABLE customers OWNER TO postgres',
      'REVOKE ALL ON customers, "Orders", recent FROM check_reader, check_writers, PUBLIC',
      'REVOKE UPDATE (email) ON customers FROM check_reader',
      'REVOKE check_writers, pg_write_all_data, pg_write_server_files, pg_execute_server_program, postgres FROM check_reader',
      'ALTER ROLE check_reader NOCREATEROLE',
    );
    expect(finding).toMatchObject({ level: 'warning' });
    expect(finding?.message).toContain(words);
    expect(await findingOf(checkReader(), 'read-only')).toMatchObject({ level: 'ok' });
  });

  it('warns of a right to create objects', async () => {
    await run(database.url, 'GRANT CREATE ON SCHEMA public TO PUBLIC');
    const finding = await findingOf(checkReader(), 'creates');
    await run(database.url, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    expect(finding).toMatchObject({ level: 'warning' });
    expect(finding?.message).toContain('schema public');
  });

  it('finds a problem where it cannot connect, and does not throw', async () => {
    const findings = await check(asUser(database.url, 'check_reader', 'wrong'));
    expect(findings.map(({ level, subject }) => [level, subject])).toEqual([['problem', 'connects']]);
  });

  it('finds a problem in a URL that is none', async () => {
    const findings = await check('postgres://db.example.com/crm');
    expect(findings).toMatchObject([{ level: 'problem', subject: 'connects' }]);
  });
});

describe('check of a pooler in statement mode', () => {
  let pooler: Server;

  beforeAll(async () => {
    pooler = createServer((client) => {
      client.on('error', () => undefined);
      client.once('data', () => {
        client.write(Buffer.concat([message('R', int(0)), message('K', int(1), int(2)), ready]));
        client.on('data', (request: Buffer) => {
          if (request.toString('latin1', 0, 1) === 'Q') client.write(Buffer.concat([refusal, ready]));
        });
      });
    });
    pooler.listen(0, '127.0.0.1');
    await once(pooler, 'listening');
  });

  afterAll(() => {
    pooler.close();
  });

  it('is a problem that says what to set', async () => {
    const { port } = pooler.address() as AddressInfo;
    const findings = await check(`postgres://inlet:x@127.0.0.1:${port}/crm?sslmode=disable`);
    expect(findings).toMatchObject([
      { level: 'ok', subject: 'connects' },
      { level: 'problem', subject: 'pooling' },
    ]);
    expect(findings[1]?.message).toContain('pool_mode = transaction');
  });
});

/** What PgBouncer 1.18 answers to BEGIN in statement mode, as it was recorded. */
const int = (number: number) => Buffer.from([0, 0, 0, number]);
const message = (type: string, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int(body.length + 4), body]);
};
const ready = message('Z', Buffer.from('I'));
const refusal = message(
  'E',
  Buffer.from('SERROR\0VERROR\0C08P01\0Mtransaction blocks not allowed in statement pooling mode\0\0'),
);
