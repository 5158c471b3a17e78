import type { Readable } from 'node:stream';
import pg from 'pg';
import type { PostgresConnection } from '../../config/workspace-file.js';
import { openPostgres } from '../../sources/postgres.js';
import { SourceError } from '../../sources/source-error.js';
import type { Source } from '../../sources/source.js';

/** A signal that nobody aborts. */
export const never = new AbortController().signal;

export function sourceAt(url: string, settings: Partial<PostgresConnection> = {}): Source {
  return openPostgres({
    type: 'postgres',
    name: 'crm',
    url,
    ssl: undefined,
    queryTimeoutMs: 60_000,
    ...settings,
  });
}

/** Runs statements one after the other on a connection of their own; gives the rows of the last. */
export async function run(url: string, ...statements: string[]): Promise<pg.QueryResultRow[]> {
  const client = await connected(url);
  try {
    let rows: pg.QueryResultRow[] = [];
    for (const statement of statements) ({ rows } = await client.query<pg.QueryResultRow>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

/** A connection that the test ends itself; one that breaks is no error. */
export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A URL for the same database as another user. */
export function asUser(url: string, user: string, password: string): string {
  const other = new URL(url);
  other.username = user;
  other.password = password;
  return other.toString();
}

/** All that a stream of rows gives. */
export async function bytesOf(rows: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of rows as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The rows of a query as COPY text. */
export async function rowsOf(source: Source, query: string, limit?: number): Promise<string> {
  const snapshot = await source.snapshot({ main: query, queryTimeoutMs: 60_000 }, never);
  try {
    return (await bytesOf(await snapshot.rows('main', limit))).toString();
  } finally {
    await snapshot.close();
  }
}

/** The SourceError that some work ends in. */
export async function failureOf(work: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SourceError) return error;
  throw new Error('This should have failed with a SourceError.', { cause: error });
}
