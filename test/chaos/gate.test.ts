import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openGate, type Gate } from '../../chaos/gate.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

/* The chaos program holds a worker at a moment: here a client says to a store what a worker says when it applies a chunk. */

let database: TestDatabase;
let gate: Gate;
let worker: pg.Client;
let store: pg.Client;

beforeEach(async () => {
  database = await createDatabase('gate');
  gate = await openGate(database.url);
  worker = new pg.Client({ connectionString: gate.url });
  worker.on('error', () => undefined);
  store = new pg.Client({ connectionString: database.url });
  await Promise.all([worker.connect(), store.connect()]);
  await store.query(`
    CREATE SCHEMA inlet;
    CREATE TABLE inlet.chunk (query text, applied_at timestamptz);
    INSERT INTO inlet.chunk VALUES ('main'), ('relationships')`);
});
afterEach(async () => {
  await store.end();
  await worker.end().catch(() => undefined);
  await gate.close();
  await database.drop();
});

async function applyChunk(query = 'main'): Promise<void> {
  await worker.query('BEGIN');
  await worker.query(`UPDATE inlet.chunk SET applied_at = now() WHERE query = $1`, [query]);
  await worker.query('COMMIT');
}

async function appliedChunks(): Promise<number> {
  const { rowCount } = await store.query('SELECT FROM inlet.chunk WHERE applied_at IS NOT NULL');
  return rowCount ?? 0;
}

/** Resolves with what the promise has come to by now. */
const soFar = <T>(promise: Promise<T>): Promise<T | 'pending'> =>
  Promise.race([promise, store.query('SELECT').then(() => 'pending' as const)]);

describe('a gate', () => {
  it('holds a chunk before its commit: the store has nothing of it until it is let go', async () => {
    const reached = gate.arm('in a chunk, before its commit');
    const applied = applyChunk();
    const held = await reached;
    expect(await appliedChunks()).toBe(0);
    expect(await soFar(applied)).toBe('pending');

    held.release();
    await applied;
    expect(await appliedChunks()).toBe(1);
  });

  it('holds a chunk after its commit: the store has it, and the worker does not know', async () => {
    const reached = gate.arm('in a chunk, after its commit');
    const applied = applyChunk();
    const held = await reached;
    await vi.waitFor(async () => expect(await appliedChunks()).toBe(1));
    expect(await soFar(applied)).toBe('pending');

    held.release();
    await applied;
  });

  it('tells a chunk of relationships from others, and the time between chunks from the one before', async () => {
    const between = gate.arm('between chunks');
    await applyChunk();
    const next = applyChunk('relationships');
    (await between).release();
    await next;

    const inRelationships = gate.arm('in relationships');
    await applyChunk();
    const related = applyChunk('relationships');
    (await inRelationships).release();
    await related;
  });

  it('gives the store nothing of a worker that dies while it is held', async () => {
    const reached = gate.arm('in a chunk, before its commit');
    const applied = applyChunk().catch(() => 'broken');
    await reached;
    worker.connection.stream.destroy();
    expect(await applied).toBe('broken');
    await vi.waitFor(async () => {
      const { rowCount } = await store.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      expect(rowCount).toBe(0);
    });
    expect(await appliedChunks()).toBe(0);
  });

  it('keeps everything waiting while it is stalled, and breaks nothing', async () => {
    gate.stall();
    const applied = applyChunk();
    await vi.waitFor(() => expect(gate.stalled().bytes).toBeGreaterThan(0));
    expect(await appliedChunks()).toBe(0);

    gate.flow();
    await applied;
    expect(await appliedChunks()).toBe(1);
  });
});
