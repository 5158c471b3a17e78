import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readAddress } from '../../../sources/postgres/address.js';
import { attempts } from '../../../sources/postgres/tls.js';

const read = (url: string, settings: Partial<Parameters<typeof readAddress>[0]> = {}) =>
  readAddress({ name: 'crm', url, ssl: undefined, queryTimeoutMs: 1000, ...settings });

describe('a connection URL', () => {
  it('has its parts percent-decoded', () => {
    const address = read('postgresql://in%40let:p%2F%3A%40s@db.example.com:6432/my%20crm');
    expect(address).toMatchObject({ user: 'in@let', host: 'db.example.com', port: 6432, database: 'my crm' });
    expect(address.password()).toBe('p/:@s');
  });

  it('may leave out port, password and database', () => {
    const address = read('postgres://inlet@db');
    expect(address).toMatchObject({ host: 'db', port: 5432, database: 'inlet', applicationName: 'inlet' });
    expect(address.password()).toBe('');
  });

  it.each([
    ['postgres://u@%2Frun%2Fpostgresql/crm', '/run/postgresql'],
    ['postgres://u@/crm?host=/run/postgresql', '/run/postgresql'],
    ['postgres://u@[::1]:5432/crm', '::1'],
  ])('%s names the host %s', (url, host) => {
    expect(read(url).host).toBe(host);
  });

  it('may have a colon in its password', () => {
    expect(read('postgres://u:a:b@db/crm').password()).toBe('a:b');
  });

  it.each([
    ['postgres://db/crm', 'names no user'],
    ['postgres://u@a,b/crm', 'several hosts'],
    ['postgres://u@db:70000/crm', 'port'],
    ['postgres://u@db/crm?sslmode=no-verify', 'disable, allow, prefer, require, verify-ca, verify-full'],
    ['postgres://u@db/crm?statement_cache=1', '"statement_cache"'],
    ['postgres://u:%zz@db/crm', 'not a valid'],
    ['mysql://u@db/crm', 'not a valid'],
  ])('%s is refused', (url, reason) => {
    expect(() => read(url)).toThrow(reason);
  });

  it('is not repeated by an error, nor is its password', () => {
    for (const url of ['postgres://u:hunter2@a,b/crm', 'postgres://u:hunter2@db/crm?hunter2=%zz']) {
      expect(() => read(url)).toThrow(/^(?!.*hunter2).*$/s);
    }
  });

  it('shows no password when its address is printed', () => {
    const address = read('postgres://u:hunter2@db/crm');
    expect(inspect(address, { depth: 9, showHidden: true }) + JSON.stringify(address)).not.toContain(
      'hunter2',
    );
  });
});

describe('the TLS mode', () => {
  it.each([
    ['postgres://u@db/crm', 'verify-full'],
    ['postgres://u@10.0.0.7/crm', 'verify-full'],
    ['postgres://u@localhost/crm', 'prefer'],
    ['postgres://u@127.0.0.53/crm', 'prefer'],
    ['postgres://u@[::1]/crm', 'prefer'],
    ['postgres://u@%2Frun/crm', 'prefer'],
    ['postgres://u@127.0.0.1.example.com/crm', 'verify-full'],
    ['postgres://u@db/crm?sslmode=require', 'require'],
    ['postgres://u@db/crm?ssl=true', 'require'],
  ])('of %s is %s', (url, mode) => {
    expect(read(url).ssl).toBe(mode);
  });

  it('of the file wins over that of the URL', () => {
    const url = 'postgres://u@db/crm?sslmode=disable&sslrootcert=/url.crt';
    expect(read(url, { ssl: 'verify-ca', sslRootCert: '/file.crt' })).toMatchObject({
      ssl: 'verify-ca',
      rootCert: '/file.crt',
    });
    expect(read(url)).toMatchObject({ ssl: 'disable', rootCert: '/url.crt' });
  });

  it.each([
    ['disable', [false]],
    ['allow', [false, true]],
    ['prefer', [true, false]],
    ['require', [true]],
    ['verify-full', [true]],
  ])('%s tries in its order', async (mode, encrypted) => {
    const ways = await attempts(read(`postgres://u@db/crm?sslmode=${mode}`));
    expect(ways.map((way) => way.encrypted)).toEqual(encrypted);
  });

  it('does not matter on a Unix socket', async () => {
    const ways = await attempts(read('postgres://u@%2Frun/crm?sslmode=verify-full'));
    expect(ways).toEqual([{ encrypted: false }]);
  });

  it.each([
    ['sslmode=verify-ca', 'sslRootCert'],
    ['sslmode=require&sslrootcert=system', 'verify-full'],
    ['sslmode=require&sslrootcert=/no/such.crt', '/no/such.crt'],
  ])('%s is refused, for it would not hold what it says', async (parameters, reason) => {
    await expect(attempts(read(`postgres://u@db/crm?${parameters}`))).rejects.toThrow(reason);
  });
});
