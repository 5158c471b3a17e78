import pg from 'pg';

/** A source database that all workspaces share, as tenants of one application would, and people who work with it. */
export interface SourceData {
  /** From now on some rows of every workspace change every few seconds, and now and then there are new ones. */
  startChanging(): void;
  /** Returns when the last change is committed, with how many rows were changed or added. Throws what made one fail. */
  stopChanging(): Promise<number>;
  close(): Promise<void>;
}

const CHANGE_EVERY_MS = 5_000;

/** Hundreds of people in most workspaces, some thousand in one of five. */
const make = (workspaces: number) => `
  CREATE TABLE companies (
    workspace int, company_no text, name text NOT NULL, seats int NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (workspace, company_no));
  CREATE TABLE customers (
    workspace int, id int, email text NOT NULL, first_name text NOT NULL, plan text NOT NULL, spend numeric NOT NULL,
    newsletter boolean NOT NULL, score int NOT NULL, company_no text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (workspace, id));
  CREATE INDEX ON companies (workspace, updated_at);
  CREATE INDEX ON customers (workspace, updated_at);
  CREATE FUNCTION new_customers(w int, first int, last int) RETURNS SETOF customers LANGUAGE sql AS $$
    SELECT w, n, 'customer.' || n || '@w' || w || '.example.com', 'Björn ' || n,
           (ARRAY['free', 'team', 'business'])[1 + n % 3], n % 500 + 0.25, n % 3 = 0, n % 100, 'C-' || 1 + n % 100,
           clock_timestamp()
    FROM generate_series(first, last) n $$;
  INSERT INTO companies
    SELECT w, 'C-' || c, 'Company ' || c, c % 50 FROM generate_series(1, ${workspaces}) w, generate_series(1, 100) c;
  INSERT INTO customers
    SELECT c.* FROM generate_series(1, ${workspaces}) w, new_customers(w, 1, (ARRAY[300, 500, 800, 1200, 3000])[1 + w % 5]) c;
  ANALYZE`;

/** One customer and company of a hundred, and a new customer in one of ten workspaces. */
const change = `
  UPDATE customers SET plan = (ARRAY['free', 'team', 'business'])[1 + floor(random() * 3)::int], spend = spend + 1,
    newsletter = random() < 0.5, score = score + 1, updated_at = clock_timestamp()
  WHERE random() < 0.01;
  UPDATE companies SET seats = seats + 1, updated_at = clock_timestamp() WHERE random() < 0.01;
  INSERT INTO customers
    SELECT c.* FROM (SELECT workspace, max(id) + 1 AS next FROM customers GROUP BY 1) w, new_customers(w.workspace, w.next, w.next) c
    WHERE random() < 0.1`;

/** @param url of an empty database, as its owner */
export async function makeSourceData(url: string, workspaces: number): Promise<SourceData> {
  const client = new pg.Client({ connectionString: url, application_name: 'load: the application' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(make(workspaces));

  let rows = 0;
  let timer: NodeJS.Timeout | undefined;
  let changing: Promise<void> = Promise.resolve();
  const changeSome = async () => {
    const results: unknown = await client.query(change);
    for (const one of Array.isArray(results) ? results : []) rows += countOf(one);
  };
  const startOne = () => {
    changing = changing.then(changeSome);
    // Whoever stops it hears of it.
    changing.catch(() => undefined);
  };
  return {
    startChanging: () => void (timer = setInterval(startOne, CHANGE_EVERY_MS)),
    async stopChanging() {
      clearInterval(timer);
      await changing;
      return rows;
    },
    async close() {
      clearInterval(timer);
      await client.end();
    },
  };
}

function countOf(result: unknown): number {
  const counts = typeof result === 'object' && result !== null && 'rowCount' in result;
  return counts ? Number(result.rowCount) : 0;
}
