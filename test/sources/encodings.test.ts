import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bytesOf, failureOf, never, rowsOf, run, sourceAt } from '../support/source-database.js';

const encodings = { LATIN1: 'inlet_latin1', SQL_ASCII: 'inlet_sql_ascii' };

function urlOf(encoding: keyof typeof encodings): string {
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${encodings[encoding]}`;
  return url.toString();
}

beforeAll(async () => {
  for (const [encoding, name] of Object.entries(encodings)) {
    await run(
      inject('postgresUrl'),
      `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)}`,
      `CREATE DATABASE ${pg.escapeIdentifier(name)} ENCODING '${encoding}' TEMPLATE template0
         LOCALE_PROVIDER libc LOCALE 'C'`,
    );
  }
});

afterAll(async () => {
  for (const name of Object.values(encodings)) {
    await run(inject('postgresUrl'), `DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`);
  }
});

describe('a LATIN1 database', () => {
  it('gives UTF-8', async () => {
    await run(urlOf('LATIN1'), 'CREATE TABLE names (name text)', `INSERT INTO names VALUES ('Zoë')`);
    expect(await rowsOf(sourceAt(urlOf('LATIN1')), `SELECT name, 'é' FROM names WHERE name = 'Zoë'`)).toBe(
      'Zoë\té\n',
    );
  });

  it('has places counted in characters', async () => {
    const error = await failureOf(sourceAt(urlOf('LATIN1')).describe(`SELECT 'ëëë', nix`, never));
    expect(error.position).toEqual({ line: 1, column: 15 });
  });
});

describe('a SQL_ASCII database', () => {
  it('gives its bytes as they are, and says so', async () => {
    await run(
      urlOf('SQL_ASCII'),
      'CREATE TABLE names (name text)',
      String.raw`INSERT INTO names VALUES (E'Zo\353'), (E'Zo\303\253'), (E'a\377\376\nb')`,
    );
    const snapshot = await sourceAt(urlOf('SQL_ASCII')).snapshot(
      { main: 'SELECT name FROM names', queryTimeoutMs: 60_000 },
      never,
    );
    const bytes = await bytesOf(await snapshot.rows('main'));
    await snapshot.close();
    expect(snapshot.encoding).toBe('SQL_ASCII');
    expect(bytes.toString('latin1')).toBe('Zo\xeb\nZo\xc3\xab\na\xff\xfe\\nb\n');
  });

  it('takes the texts of a query as UTF-8', async () => {
    expect(await rowsOf(sourceAt(urlOf('SQL_ASCII')), `SELECT count(*) FROM names WHERE name = 'Zoë'`)).toBe(
      '1\n',
    );
  });

  it('has places mapped from bytes', async () => {
    const error = await failureOf(sourceAt(urlOf('SQL_ASCII')).describe(`SELECT 'ëëë', nix`, never));
    expect(error.position).toEqual({ line: 1, column: 15 });
  });

  it('is named by check', async () => {
    const findings = await sourceAt(urlOf('SQL_ASCII')).check(never);
    expect(findings.find(({ subject }) => subject === 'encoding')?.level).toBe('warning');
  });
});
