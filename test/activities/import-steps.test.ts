import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RelationshipsImport, SyncBasics, SyncDefinition } from '../../config/sync-definition.js';
import { findImport } from '../../store/import-log.js';
import { readOpenImport } from '../../store/imports.js';
import { qualified } from '../../store/staging.js';
import type { ImportInput } from '../../workflows/messages.js';
import { serveWorkspace, type ServedWorkspace } from '../support/served-workspace.js';
import { peopleOf } from '../support/store-import.js';

const people = `SELECT id, 'user' || id || '@example.com' AS email FROM generate_series(1, 50000) AS id`;

let served: ServedWorkspace;
let number = 0;

beforeAll(async () => {
  served = await serveWorkspace(
    'steps',
    `  customers: { database: crm, every: 1h, identifyBy: id, query: "SELECT 1 AS id" }\n`,
  );
});
afterAll(() => served.close());

function definition(changes: Partial<SyncBasics>): SyncDefinition {
  const written = served.file.syncs.get('customers');
  if (written === undefined) throw new Error('the file has no sync "customers"');
  return { ...written, ...changes };
}

/** Opens an import of the workspace, as its workflow would. */
async function open(changes: Partial<SyncBasics>): Promise<string> {
  number += 1;
  const input: ImportInput = {
    definition: definition(changes),
    number,
    lastSyncTime: 0,
    whenBusy: 'wait',
    cause: 'schedule',
    full: false,
    dueAt: Date.now(),
  };
  const { key } = await served.run((activities) =>
    activities.openImport({ ...input, grantedAt: Date.now() }),
  );
  return key;
}

const record = () => findImport(served.store, { workspace: 'steps', sync: 'customers', number });
const close = (key: string) =>
  served.run((activities) => activities.closeImport({ key, ending: { kind: 'applied' } }));
const fail = (key: string) =>
  served.run((activities) =>
    activities.closeImport({ key, ending: { kind: 'failed', reason: 'as tested' } }),
  );

async function failureOf(work: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApplicationFailure) return error;
  throw new Error('it did not fail as an ApplicationFailure', { cause: error });
}

const related = (query: string): RelationshipsImport => ({ objectType: 'company', identifyBy: 'id', query });

/** The staging tables that an import still owns. */
async function tablesOf(key: string): Promise<unknown[]> {
  const { rows } = await served.store.pool.query<{ name: string }>(
    'SELECT name FROM inlet.staging_table WHERE import_id = $1',
    [key],
  );
  return rows;
}

describe('staging', () => {
  it('copies the rows of the query, and notes the SQL that ran and the start time', async () => {
    const query = 'SELECT 7 AS id, {{last_sync_time}} AS since';
    const before = Math.floor(Date.now() / 1000);
    const key = await open({ query, overlapSeconds: 10 });

    expect(await served.run((activities) => activities.stageQuery(key))).toEqual({ rows: 1 });

    const log = await record();
    expect(log).toMatchObject({ sql: 'SELECT 7 AS id, 0 AS since', startBound: 'clock', rowsStaged: 1 });
    expect(log?.startTime).toBeGreaterThanOrEqual(before - 11);
    expect(log?.startTime).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) - 10);
    await fail(key);
  });

  it('takes the staging of the first attempt, and its start time, if it is repeated', async () => {
    const key = await open({ query: people });
    await served.run((activities) => activities.stageQuery(key));
    const first = await readOpenImport(served.store, key);

    await served.run((activities) => activities.stageQuery(key));

    expect((await readOpenImport(served.store, key)).staging).toEqual(first.staging);
    await fail(key);
  });

  it('refuses more rows than maxRows, and writes nothing', async () => {
    const key = await open({ query: people, maxRows: 49_999 });

    const failure = await failureOf(served.run((activities) => activities.stageQuery(key)));

    expect(failure).toMatchObject({ type: 'QueryRefused', nonRetryable: true });
    expect(failure.message).toContain('more than 49999 rows');
    expect((await readOpenImport(served.store, key)).staging).toBeNull();
    await fail(key);
  });

  it("refuses columns that can't be imported, with the fix", async () => {
    const key = await open({ query: 'SELECT 1 AS "ID"' });

    const failure = await failureOf(served.run((activities) => activities.stageQuery(key)));

    expect(failure).toMatchObject({ type: 'QueryRefused', nonRetryable: true });
    expect(failure.message).toContain('write "ID" AS "id"');
    await fail(key);
  });

  it('leaves no table behind when the copy breaks off', async () => {
    const key = await open({ query: 'SELECT id, 1 / (40000 - id) AS n FROM generate_series(1, 50000) id' });

    await failureOf(served.run((activities) => activities.stageQuery(key)));

    expect(await tablesOf(key)).toEqual([]);
    await fail(key);
  });

  it('copies both queries, each into a table of its own, and notes the SQL of both', async () => {
    const relationships = related(
      'SELECT {{last_sync_time}} AS id, x::text AS object_id FROM generate_series(1, 3) x',
    );
    const key = await open({ query: 'SELECT 1 AS id', relationships });

    expect(await served.run((activities) => activities.stageQuery(key))).toEqual({
      rows: 1,
      relationships: 3,
    });

    const { staging } = await readOpenImport(served.store, key);
    expect(staging).toMatchObject({
      rows: 1,
      relationships: { rows: 3, columns: [{ name: 'id' }, { name: 'object_id' }] },
    });
    expect(await record()).toMatchObject({
      relationshipsSql: 'SELECT 0 AS id, x::text AS object_id FROM generate_series(1, 3) x',
      rowsStaged: 4,
    });
    await fail(key);
  });

  it('copies nothing if the relationship query has the wrong columns, and says that it is that one', async () => {
    const key = await open({ query: people, relationships: related('SELECT 1 AS id, 2 AS "Object_ID"') });

    const failure = await failureOf(served.run((activities) => activities.stageQuery(key)));

    expect(failure.message).toBe(
      'The relationship query has no column "object_id", which identifies objects there. It gives: id, Object_ID. "Object_ID" differs only by case: write "Object_ID" AS "object_id".',
    );
    expect(await tablesOf(key)).toEqual([]);
    await fail(key);
  });

  it.each([
    [
      'breaks off',
      `SELECT id, 1 / (40000 - id) AS object_id FROM generate_series(1, 50000) id`,
      /^Relationship query: /,
    ],
    [
      'gives too many rows',
      `SELECT 1 AS id, x AS object_id FROM generate_series(1, 60001) x`,
      /^The relationship query gives more than 60000 rows/,
    ],
  ])('leaves no table behind when the relationship query %s', async (_, query, message) => {
    const key = await open({ query: people, relationships: related(query), maxRows: 60_000 });

    const failure = await failureOf(served.run((activities) => activities.stageQuery(key)));

    expect(failure.message).toMatch(message);
    expect(await tablesOf(key)).toEqual([]);
    await fail(key);
  });

  it('keeps what the database says of a cell out of Temporal, and in the log', async () => {
    const key = await open({ query: `SELECT id, ('secret-' || id)::int AS n FROM generate_series(1, 3) id` });

    const failure = await failureOf(served.run((activities) => activities.stageQuery(key)));

    expect(JSON.stringify([failure.message, failure.details, failure.cause])).not.toContain('secret');
    expect(failure.message).toContain('22P02');
    await fail(key);
    const log = await record();
    expect(log?.databaseMessage).toContain('secret-1');
    expect(log?.sql).toContain("('secret-' || id)::int");
  });
});

describe('staged rows that are lost', () => {
  const truncate = async (key: string) => {
    const { staging } = await readOpenImport(served.store, key);
    await served.store.pool.query(`TRUNCATE ${qualified(staging?.table ?? '')}`);
  };

  it('are staged again while nothing of them is applied', async () => {
    const key = await open({ query: people });
    await served.run((activities) => activities.stageQuery(key));
    await served.run((activities) => activities.planChunks(key));
    await truncate(key);

    await served.run((activities) => activities.applyChunks(key));

    expect(await close(key)).toMatchObject({
      status: 'Completed',
      counts: { rows: 50_000, added: 50_000, failed: 0 },
    });
    expect(await peopleOf(served.store, 'steps')).toHaveLength(50_000);
  });

  it('are staged again, both queries, if only those of the relationship query are lost', async () => {
    const key = await open({
      query: 'SELECT 1 AS id WHERE false',
      relationships: related(`SELECT 1 AS id, 'x' AS object_id`),
    });
    await served.run((activities) => activities.stageQuery(key));
    await served.run((activities) => activities.planChunks(key));
    const { staging } = await readOpenImport(served.store, key);
    await served.store.pool.query(`TRUNCATE ${qualified(staging?.relationships?.table ?? '')}`);

    await served.run((activities) => activities.applyChunks(key));

    expect(await close(key)).toMatchObject({
      status: 'Some Rows Failed',
      counts: { rows: 0 },
      relationships: { rows: 1, failed: 1 },
    });
  });

  it('fail the import once some of them are applied', async () => {
    const key = await open({
      query: people.replace('user', 'lost').replace('SELECT id,', 'SELECT id + 100000 AS id,'),
    });
    await served.run((activities) => activities.stageQuery(key));
    await served.run((activities) => activities.planChunks(key));
    await served.store.pool.query(
      `UPDATE inlet.chunk SET applied_at = now(), unchanged = rows WHERE import_id = $1 AND chunk = 1`,
      [key],
    );
    await truncate(key);

    const failure = await failureOf(served.run((activities) => activities.applyChunks(key)));

    expect(failure).toMatchObject({ type: 'StagingLost', nonRetryable: true });
    expect(await fail(key)).toMatchObject({ status: 'Failed', reason: 'as tested' });
  });
});

describe('applying', () => {
  it('is done by several at once, each row once', async () => {
    const key = await open({
      query: people.replace('user', 'other').replace('SELECT id,', 'SELECT -id AS id,'),
    });
    await served.run((activities) => activities.stageQuery(key));
    expect(await served.run((activities) => activities.planChunks(key))).toMatchObject({ lanes: 2 });

    await Promise.all([1, 2, 3].map(() => served.run((activities) => activities.applyChunks(key))));

    expect(await close(key)).toMatchObject({ status: 'Completed', counts: { rows: 50_000, added: 50_000 } });
  });

  it('is refused to an import that is not the active one any more', async () => {
    const key = await open({ query: people });
    await served.run((activities) => activities.stageQuery(key));
    await served.run((activities) => activities.planChunks(key));
    await fail(key);

    const failure = await failureOf(served.run((activities) => activities.applyChunks(key)));

    expect(failure).toMatchObject({ type: 'FencedOff', nonRetryable: true });
  });
});

describe('opening and closing', () => {
  it('gives the same key and the same result however often it is asked', async () => {
    const key = await open({ query: 'SELECT 1 AS id WHERE false' });
    number -= 1;
    expect(await open({ query: 'SELECT 1 AS id WHERE false' })).toBe(key);
    await served.run((activities) => activities.stageQuery(key));
    await served.run((activities) => activities.planChunks(key));

    const result = await close(key);

    expect(result).toMatchObject({ status: 'Completed', counts: { rows: 0 } });
    expect(await close(key)).toEqual(result);
    expect(await fail(key)).toEqual(result);
  });

  it('closes an import whose workflow is gone as abandoned, and goes on', async () => {
    await open({ query: people });
    const abandoned = number;

    const key = await open({ query: people });

    const log = await findImport(served.store, { workspace: 'steps', sync: 'customers', number: abandoned });
    expect(log).toMatchObject({ status: 'Failed' });
    expect(log?.reason).toContain('abandoned');
    await fail(key);
  });

  it('does not call an import Completed whose chunks were not all applied', async () => {
    const key = await open({ query: people });
    await served.run((activities) => activities.stageQuery(key));
    await served.run((activities) => activities.planChunks(key));

    expect(await close(key)).toMatchObject({ status: 'Failed' });
  });
});
