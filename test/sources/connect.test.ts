import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { asUser, failureOf, never, run, sourceAt } from '../support/source-database.js';

const shared = () => new URL(inject('postgresUrl'));

/** A server that is none of PostgreSQL's; it answers with what it is given, or not at all. */
async function strangeServer(answer?: string): Promise<{ url: string; server: Server }> {
  const server = createServer((client) => {
    client.on('error', () => undefined);
    client.once('data', () => {
      if (answer !== undefined) client.end(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `postgres://u:hunter2@127.0.0.1:${(server.address() as AddressInfo).port}/crm`, server };
}

const refused = (url: string, settings: Parameters<typeof sourceAt>[1] = {}) =>
  failureOf(sourceAt(url, settings).startTime(never));

describe('connecting fails with a sentence that says which', () => {
  beforeAll(() => run(inject('postgresUrl'), `CREATE ROLE connect_reader LOGIN PASSWORD 'right'`));
  afterAll(() => run(inject('postgresUrl'), 'DROP ROLE connect_reader'));

  it('for a host that is unknown', async () => {
    const error = await refused('postgres://u:hunter2@no-such-host.invalid/crm');
    expect(error).toMatchObject({ phase: 'connect', retryable: true });
    expect(error.message).toMatch(/host name "no-such-host.invalid" (is unknown|can't be looked up)/);
  });

  it('for a port where nothing listens', async () => {
    const { url, server } = await strangeServer();
    server.close();
    await once(server, 'close');
    const error = await refused(url);
    expect(error).toMatchObject({ phase: 'connect', retryable: true });
    expect(error.message).toContain('connection refused');
  });

  it('for a host that does not answer', async () => {
    const { url, server } = await strangeServer();
    const error = await refused(`${url}?sslmode=disable&connect_timeout=2`);
    server.close();
    expect(error).toMatchObject({ phase: 'connect', retryable: true });
    expect(error.message).toContain('no answer within 2 s');
  });

  it('for a server that is not PostgreSQL', async () => {
    const { url, server } = await strangeServer('HTTP/1.1 400 Bad Request\r\n\r\n');
    const error = await refused(`${url}?sslmode=require`);
    server.close();
    expect(error.message).toContain('does not know how to begin TLS');
  });

  it('for a wrong password', async () => {
    const error = await refused(asUser(inject('postgresUrl'), 'connect_reader', 'wrong-one'));
    expect(error).toMatchObject({ phase: 'connect', retryable: false, sqlstate: '28P01' });
    expect(error.message).toContain('wrong password for user "connect_reader"');
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain('wrong-one');
  });

  it('for a password that is missing', async () => {
    const error = await refused(asUser(inject('postgresUrl'), 'connect_reader', ''));
    expect(error).toMatchObject({ phase: 'connect', retryable: false });
    expect(error.message).toContain('the URL has none');
  });

  it('for a database that is unknown', async () => {
    const url = shared();
    url.pathname = '/nowhere';
    const error = await refused(url.toString());
    expect(error).toMatchObject({ phase: 'connect', retryable: false, sqlstate: '3D000' });
    expect(error.message).toContain('no database "nowhere"');
  });

  it.each([
    ['\u0007', 'Kerberos'],
    ['\u0002', 'a kind of authentication, 2'],
  ])(
    'for a way to log in that the driver does not know, and does not end the process',
    async (code, words) => {
      const { url, server } = await strangeServer(`R\0\0\0\b\0\0\0${code}`);
      const error = await refused(`${url}?sslmode=disable`);
      server.close();
      expect(error).toMatchObject({ phase: 'connect', retryable: false });
      expect(error.message).toContain(words);
    },
  );

  it('for a server that does not speak TLS', async () => {
    const error = await refused(inject('postgresUrl'), { ssl: 'require' });
    expect(error).toMatchObject({ phase: 'connect', retryable: false });
    expect(error.message).toContain('does not speak TLS');
  });
});

/** An ErrorResponse: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function errorResponse(sqlstate: string, message: string): string {
  const fields = `SFATAL\0VFATAL\0C${sqlstate}\0M${message}\0\0`;
  return `E\0\0\0${String.fromCharCode(fields.length + 4)}${fields}`;
}

describe('a refusal by the server', () => {
  it.each([
    ['28P01', 'password authentication failed for user "u"', 'wrong password', false],
    ['28000', 'no pg_hba.conf entry for host', 'pg_hba.conf', false],
    ['3D000', 'database "crm" does not exist', 'no database "crm"', false],
    ['42501', 'permission denied for database "crm"', 'GRANT CONNECT', false],
    ['53300', 'sorry, too many clients already', 'too many connections', true],
    ['57P03', 'the database system is starting up', 'starting', true],
    ['08P01', 'password authentication failed', 'wrong password', false],
    ['08P01', 'no such database: crm', 'no database "crm"', false],
    ['08P01', 'unsupported startup parameter: options', 'options', false],
    ['08P01', 'SSL required', 'SSL required', false],
    ['08P01', 'pgbouncer cannot connect to server', 'cannot connect to server', true],
  ])(
    'with %s, "%s", is told as "%s"; that it may pass is %s',
    async (sqlstate, message, words, retryable) => {
      const { url, server } = await strangeServer(errorResponse(sqlstate, message));
      const error = await refused(`${url}?sslmode=disable`);
      server.close();
      expect(error).toMatchObject({ phase: 'connect', sqlstate, retryable });
      expect(error.message).toContain(words);
      expect(error.message).toContain(`The server says: ${message}.`);
    },
  );
});

describe('connecting', () => {
  it.each(['disable', 'allow', 'prefer'] as const)('with ssl: %s takes a server without TLS', async (ssl) => {
    expect(await sourceAt(inject('postgresUrl'), { ssl }).startTime(never)).toMatchObject({ warnings: [] });
  });

  it('ends with the reason of an aborted signal', async () => {
    const { url, server } = await strangeServer();
    const connection = once(server, 'connection');
    const controller = new AbortController();
    const work = sourceAt(`${url}?sslmode=disable`).startTime(controller.signal);
    await connection;
    const reason = new Error('cancelled by a user');
    controller.abort(reason);
    await expect(work).rejects.toBe(reason);
    server.close();
  });

  it('is not begun with a signal that is aborted already', async () => {
    const reason = new Error('cancelled before');
    await expect(sourceAt(inject('postgresUrl')).startTime(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
