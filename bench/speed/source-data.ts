import type pg from 'pg';

/** Which rows a step finds in the source. */
export type Variant = 'none' | 'same' | 'few_changed' | 'all_changed';

/** The nine columns beside `id`. */
export const columns = [
  'email',
  'first_name',
  'last_name',
  'plan',
  'country',
  'spend',
  'active',
  'updated_at',
  'note',
] as const;

export const types: Record<(typeof columns)[number], string> = {
  email: 'text',
  first_name: 'text',
  last_name: 'text',
  plan: 'text',
  country: 'text',
  spend: 'numeric',
  active: 'boolean',
  updated_at: 'timestamptz',
  note: 'text',
};

export const WIDE_COLUMNS = 300;
export const WIDE_ROWS = 100_000;

const customers = (table: string, rows: number, changed: string) => `
  CREATE TABLE ${table} AS
  SELECT n AS id, 'customer.' || n || '@example.com' AS email, 'Björn ' || n % 1000 AS first_name,
         'Lindqvist-' || n % 5000 AS last_name,
         CASE WHEN ${changed} THEN '${table}' ELSE (ARRAY['free', 'team', 'business'])[1 + n % 3] END AS plan,
         (ARRAY['SE', 'DE', 'US', 'BR', 'JP'])[1 + n % 5] AS country, (n % 5000)::numeric(10, 2) + 0.25 AS spend,
         n % 3 = 0 AS active, timestamptz '2026-01-01' + n * interval '1 second' AS updated_at,
         'A note about customer ' || n || ', forty letters' AS note
  FROM generate_series(1, ${rows}) n;
  ALTER TABLE ${table} ADD PRIMARY KEY (id);
  CREATE INDEX ON ${table} (updated_at);`;

/** One row of a hundred has the id of the row before it, and one of a hundred shares its email with another. */
const contested = (rows: number) => `
  CREATE TABLE contested AS
  SELECT CASE WHEN id % 100 = 7 THEN id - 1 ELSE id END AS id,
         CASE WHEN id % 200 = 51 THEN 'customer.' || id - 1 || '@example.com' ELSE email END AS email,
         ${columns.filter((name) => name !== 'email').join(', ')}
  FROM same WHERE id <= ${rows}`;

function wide(rows: number): string {
  const cells = Array.from({ length: WIDE_COLUMNS - 2 }, (_, index) => {
    const kinds = [`n * ${index + 7}`, `'text ' || n % ${index + 11}`, `n % ${index + 2} = 0`];
    return `${kinds[index % kinds.length] ?? ''} AS c${index + 1}`;
  });
  return `
    CREATE TABLE wide AS
    SELECT n AS id, 'customer.' || n || '@example.com' AS email, ${cells.join(', ')} FROM generate_series(1, ${rows}) n`;
}

/** Makes the source's tables: customers of three variants, and contested and wide ones. */
export async function makeSourceData(source: pg.Client, rows: number): Promise<void> {
  for (const [table, changed] of [
    ['same', 'false'],
    ['few_changed', 'n % 1000 = 0'],
    ['all_changed', 'true'],
  ] as const)
    await source.query(customers(table, rows, changed));
  await source.query(contested(rows));
  await source.query(wide(Math.min(rows, WIDE_ROWS)));
  await source.query(
    `CREATE TABLE companies AS SELECT 'C-' || n AS object_id, 'Company ' || n AS name FROM generate_series(1, 1000) n`,
  );
  await source.query('VACUUM (ANALYZE)');
}
