import { Connection } from '@temporalio/client';
import pg from 'pg';
import { expect, inject, it } from 'vitest';
import { createDatabase } from '../support/database.js';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows;
  } finally {
    await client.end();
  }
}

it('a test database is UTF-8, sorts by code point, and asks for a password', async () => {
  const database = await createDatabase('servers');
  const settings = `SELECT current_setting('server_encoding') AS encoding, upper('ä') AS upper, 'B' < 'a' AS by_code_point`;
  expect(await query(database.url, settings)).toEqual([
    { encoding: 'UTF8', upper: 'Ä', by_code_point: true },
  ]);
  const stranger = new URL(database.url);
  stranger.password = 'wrong';
  await expect(query(stranger.toString(), 'SELECT')).rejects.toMatchObject({ code: '28P01' });
  await database.drop();
  await expect(query(database.url, 'SELECT')).rejects.toMatchObject({ code: '3D000' });
});

it('Temporal answers in the namespace default', async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace: 'default' });
  expect(namespaceInfo?.name).toBe('default');
  await connection.close();
});
