import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PostgresConnection } from '../../config/workspace-file.js';
import { failureOf, never, rowsOf, run, sourceAt } from '../support/source-database.js';
import { startTlsPostgres, type TlsPostgres } from '../support/tls-postgres.js';

let server: TlsPostgres;

beforeAll(async () => {
  server = await startTlsPostgres();
});

afterAll(() => server.stop());

interface Way {
  ssl: PostgresConnection['ssl'];
  user?: 'tls_only' | 'plain_only' | 'either_way';
  host?: 'localhost' | '127.0.0.1';
  /** Whose certificate is trusted; nobody's in particular where it is not given. */
  trusts?: 'authority' | 'stranger';
}

function source({ ssl, user = 'either_way', host = 'localhost', trusts }: Way) {
  const file = { authority: server.authorityFile, stranger: server.strangerFile };
  return sourceAt(`postgres://${user}:${server.password}@${host}:${server.port}/postgres`, {
    ssl,
    ...(trusts !== undefined && { sslRootCert: file[trusts] }),
  });
}

/** Whether the server sees an encrypted connection. */
const encrypted = async (way: Way) =>
  (await rowsOf(source(way), 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')) === 't\n';

describe('with ssl', () => {
  it.each<[Way, boolean]>([
    [{ ssl: 'disable' }, false],
    [{ ssl: 'disable', user: 'plain_only' }, false],
    [{ ssl: 'allow' }, false],
    [{ ssl: 'allow', user: 'tls_only' }, true],
    [{ ssl: 'prefer' }, true],
    [{ ssl: 'prefer', user: 'plain_only' }, false],
    [{ ssl: 'prefer', trusts: 'stranger' }, false],
    [{ ssl: 'require' }, true],
    [{ ssl: 'require', host: '127.0.0.1', trusts: 'authority' }, true],
    [{ ssl: 'verify-ca', trusts: 'authority' }, true],
    [{ ssl: 'verify-ca', host: '127.0.0.1', trusts: 'authority' }, true],
    [{ ssl: 'verify-full', trusts: 'authority' }, true],
  ])('%o encryption is %s', async (way, expected) => {
    expect(await encrypted(way)).toBe(expected);
  });

  it.each<[Way, RegExp]>([
    [{ ssl: 'disable', user: 'tls_only' }, /no encryption/],
    [{ ssl: 'require', user: 'plain_only' }, /SSL encryption/],
    [{ ssl: 'require', trusts: 'stranger' }, /not signed by an authority that is trusted/],
    [{ ssl: 'verify-ca', trusts: 'stranger' }, /not signed by an authority that is trusted/],
    [{ ssl: 'verify-full' }, /not signed by an authority that is trusted/],
    [{ ssl: 'verify-full', trusts: 'stranger' }, /not signed by an authority that is trusted/],
    [{ ssl: 'verify-full', host: '127.0.0.1', trusts: 'authority' }, /for another host name/],
  ])('%o the connection is refused', async (way, words) => {
    const error = await failureOf(source(way).startTime(never));
    expect(error).toMatchObject({ phase: 'connect', retryable: false });
    expect(error.message).toMatch(words);
  });

  it('verify-full refuses a certificate that has expired', async () => {
    await server.useCertificate({ hosts: ['localhost'], notAfter: new Date(Date.UTC(2001, 0, 1)) });
    const error = await failureOf(source({ ssl: 'verify-full', trusts: 'authority' }).startTime(never));
    await server.useCertificate({ hosts: ['localhost'] });
    expect(error.message).toContain('has expired');
    expect(error.retryable).toBe(false);
  });

  it('prefer still says that a password is wrong, once', async () => {
    const url = `postgres://either_way:wrong@localhost:${server.port}/postgres`;
    const error = await failureOf(sourceAt(url).startTime(never));
    expect(error).toMatchObject({ sqlstate: '28P01', retryable: false });
  });
});

describe('the parameters of a URL', () => {
  const url = (parameters: string, host = 'localhost') =>
    `postgres://either_way:${server.password}@${host}:${server.port}/postgres?${parameters}`;
  const seesTls = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

  it('sslmode and sslrootcert are honoured', async () => {
    const strict = `sslmode=verify-full&sslrootcert=${encodeURIComponent(server.authorityFile)}`;
    expect(await rowsOf(sourceAt(url(strict)), seesTls)).toBe('t\n');
    expect((await failureOf(sourceAt(url(strict, '127.0.0.1')).startTime(never))).message).toContain(
      'host name',
    );
    expect(await rowsOf(sourceAt(url('sslmode=disable')), seesTls)).toBe('f\n');
  });

  it('channel_binding=require holds with TLS, and refuses what can not bind', async () => {
    expect(await rowsOf(sourceAt(url('channel_binding=require')), seesTls)).toBe('t\n');
    const plain = await failureOf(sourceAt(url('channel_binding=require&sslmode=disable')).startTime(never));
    expect(plain.message).toContain('channel_binding=require');
  });
});

describe('check', () => {
  const tlsFinding = async (way: Way) =>
    (await source(way).check(never)).find(({ subject }) => subject === 'TLS');

  it('names version and cipher, and whether server and host are proved', async () => {
    const full = await tlsFinding({ ssl: 'verify-full', trusts: 'authority' });
    expect(full).toMatchObject({ level: 'ok' });
    expect(full?.message).toMatch(/^TLSv1\.\d, \w+; the server's certificate and host name are verified/);
    const chain = await tlsFinding({ ssl: 'verify-ca', trusts: 'authority' });
    expect(chain?.message).toContain('its host name is not');
  });

  it('says that there is none', async () => {
    expect((await tlsFinding({ ssl: 'disable' }))?.message).toContain('None');
  });
});

describe('a query over TLS', () => {
  it('is cancelled on the server with the signal', async () => {
    const controller = new AbortController();
    const snapshot = await source({ ssl: 'verify-full', trusts: 'authority' }).snapshot(
      { main: 'SELECT count(*) FROM generate_series(1, 1000000000000::bigint)', queryTimeoutMs: 60_000 },
      controller.signal,
    );
    const rows = await snapshot.rows('main');
    rows.resume();
    const running = () =>
      run(
        server.superuserUrl,
        `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%'`,
      );
    await vi.waitFor(async () => expect(await running()).toHaveLength(1), { timeout: 10_000 });
    controller.abort(new Error('cancelled by a user'));
    await snapshot.close();
    await vi.waitFor(async () => expect(await running()).toEqual([]), { timeout: 4_000 });
  });
});
