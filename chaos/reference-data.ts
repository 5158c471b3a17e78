import type pg from 'pg';

/** Enough for two chunks of people in every round, of 20,000 rows each, and one of those who are contested. */
const PEOPLE = 25_000;
const COMPANIES = 2_000;

/**
 * The tables of the source. `change` and `membership` are logs of changes, as warehouses have them: rows of a round carry
 * the time of its transaction, and a sync that asks for what came since `last_sync_time` loses what it jumps over.
 */
export async function createSource(source: pg.Pool): Promise<void> {
  await source.query(`
    CREATE TABLE company (id int PRIMARY KEY, name text NOT NULL);
    INSERT INTO company SELECT n, 'Company ' || n FROM generate_series(1, ${COMPANIES}) n;
    CREATE TABLE customer (id int PRIMARY KEY, email text NOT NULL, plan text NOT NULL, round int NOT NULL);
    CREATE TABLE change (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, email text, plan text, round int,
                         at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON change (at);
    CREATE TABLE membership (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer text, company text, role text,
                             has_left boolean, at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON membership (at);
    INSERT INTO customer SELECT n, 'c' || n || '@example.com', 'free', 0 FROM generate_series(1, ${PEOPLE}) n;
    INSERT INTO change (id, email, plan, round) SELECT id, email, plan, round FROM customer ORDER BY id;
    INSERT INTO membership (customer, company, role, has_left)
    SELECT id, 1 + id % ${COMPANIES}, 'member', false FROM customer;
    ANALYZE`);
}

/**
 * Changes the source once more: nine people of ten get new attributes, some come new, some come twice, some give their
 * email up to somebody whose row comes later, relationships are set, changed and removed.
 * @param round counts from 1
 */
export async function changeSource(source: pg.Pool, round: number): Promise<void> {
  const client = await source.connect();
  try {
    await client.query('BEGIN');
    // The first of a pair gives its email up, the second takes it: contested, and right in the query's order only.
    await client.query(
      `WITH pair AS (SELECT a.id AS giver, a.id + 1 AS taker, a.email FROM customer a
                     WHERE a.id % 400 = (2 * $1::int) % 400 AND a.id < ${PEOPLE})
       UPDATE customer c
       SET email = CASE WHEN c.id = giver THEN 'moved-' || $1 || '-' || c.id || '@example.com' ELSE pair.email END, round = $1
       FROM pair WHERE c.id IN (giver, taker)`,
      [round],
    );
    await client.query(
      `UPDATE customer SET plan = 'plan ' || $1 || '-' || id % 7, round = $1 WHERE id % 10 <> $1 % 10 OR round = $1`,
      [round],
    );
    await client.query(
      `INSERT INTO customer SELECT n, 'new-' || n || '@example.com', 'trial', $1
       FROM generate_series($2::int + 1, $2::int + 500) n`,
      [round, PEOPLE + 500 * (round - 1)],
    );
    await client.query(
      `INSERT INTO change (id, email, plan, round)
       SELECT id, NULL, 'stale', $1 FROM customer WHERE round = $1 AND id % 150 = 0 ORDER BY id`,
      [round],
    );
    await client.query(
      `INSERT INTO change (id, email, plan, round)
       SELECT id, email, plan, round FROM customer WHERE round = $1 ORDER BY id`,
      [round],
    );
    await client.query(
      `INSERT INTO membership (customer, company, role, has_left)
       SELECT id, 1 + (id + CASE id % 3 WHEN 0 THEN $1 ELSE 0 END) % ${COMPANIES}, 'role ' || $1, (id + $1) % 11 = 0
       FROM customer WHERE id % 4 = $1 % 4 ORDER BY id`,
      [round],
    );
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

/** Rows that the two queries give for this `last_sync_time`, and those of people that are superseded. */
export async function countAtSource(
  source: pg.Pool,
  lastSyncTime: number,
): Promise<{ rows: number; superseded: number; relationshipRows: number }> {
  const { rows } = await source.query<{ rows: number; superseded: number; relationshipRows: number }>(
    `SELECT count(*)::int AS rows, (count(*) - count(DISTINCT id))::int AS superseded,
            (SELECT count(*)::int FROM membership WHERE at >= to_timestamp($1)) AS "relationshipRows"
     FROM change WHERE at >= to_timestamp($1)`,
    [lastSyncTime],
  );
  const [counted] = rows;
  if (counted === undefined) throw new Error('The source counts nothing.');
  return counted;
}

/** The file of a workspace that is brought up to date from this source. */
export const workspaceFile = (workspace: string) => `
workspace: { name: ${workspace}, allowEmailUpdatesUsingId: true }
databases: { crm: { type: postgres, url: "\${CRM_DATABASE_URL}" } }
syncs:
  companies:
    database: crm
    every: 6h
    whenBusy: wait
    import: objects
    objectType: company
    query: SELECT id AS object_id, name FROM company ORDER BY id
  customers:
    database: crm
    every: 6h
    whenBusy: wait
    identifyBy: id
    segment: { name: Customers, create: true }
    query: |
      SELECT id, email, plan, round FROM change WHERE at >= to_timestamp({{last_sync_time}}) ORDER BY n
    relationships:
      objectType: company
      identifyBy: id
      query: |
        SELECT customer AS id, company AS object_id, role, has_left AS deleted FROM membership
        WHERE at >= to_timestamp({{last_sync_time}}) ORDER BY n
  clock:
    database: crm
    every: 1m
    whenBusy: wait
    import: objects
    objectType: tick
    query: SELECT 'tick' AS object_id, now() AS at
`;
