import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Subject } from './subjects.js';

/** The tables of the store, with their columns, collations, keys and indexes (store/migrations), and nothing else. */
const tables = `
  CREATE TABLE person (
    person_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, workspace_id int NOT NULL,
    id text COLLATE "C", email text COLLATE "C", attributes jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
  CREATE UNIQUE INDEX ON person (id, workspace_id);
  CREATE UNIQUE INDEX ON person (lower(email), workspace_id);
  CREATE TABLE object (
    object_key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, object_type_id int NOT NULL,
    object_id text COLLATE "C" NOT NULL, attributes jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
  CREATE UNIQUE INDEX ON object (object_id, object_type_id);
  CREATE TABLE relationship (
    person_id bigint NOT NULL, object_key bigint NOT NULL, attributes jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, object_key));
  CREATE INDEX ON relationship (object_key)`;

/** In a database of its own on the store's server. */
export const makeFloor = (floor: pg.Client): Promise<unknown> => floor.query(tables);

export async function emptyFloor(floor: pg.Client): Promise<void> {
  await floor.query('DROP TABLE IF EXISTS stage');
  await floor.query('TRUNCATE person, object, relationship');
}

/** The companies that relationships are with. */
export const addCompanies = (floor: pg.Client): Promise<unknown> =>
  floor.query(
    `INSERT INTO object (object_type_id, object_id, attributes)
     SELECT 1, 'C-' || n, jsonb_build_object('name', 'Company ' || n) FROM generate_series(1, 1000) n`,
  );

/** COPY streamed to COPY into a staging table, and one statement from there: seconds. */
export async function runFloor(
  { source, floor }: { source: pg.Client; floor: pg.Client },
  view: string,
  { floor: { stage, insert } }: Subject,
): Promise<number> {
  await floor.query('DROP TABLE IF EXISTS stage');
  const began = performance.now();
  await floor.query(`CREATE UNLOGGED TABLE stage (${stage})`);
  await pipeline(
    source.query(copyTo(`COPY (SELECT * FROM ${view}) TO STDOUT`)),
    floor.query(copyFrom('COPY stage FROM STDIN')),
  );
  await floor.query(insert);
  return (performance.now() - began) / 1000;
}
