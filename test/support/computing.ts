import type pg from 'pg';

/** How many statements with such a text run in the source's database. */
export async function computing(source: pg.Client | pg.Pool, like: string): Promise<number> {
  const { rowCount } = await source.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()`,
    [like],
  );
  return rowCount ?? 0;
}
