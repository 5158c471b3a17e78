import type pg from 'pg';
import type { AnyRows } from './row-sql.js';

/** Which hashes appear more than once among the staged rows: of keys, and of people's other identifiers. */
export interface Repeated {
  keys: boolean;
  others: boolean;
}

/** The hash of what rows have in common that are about the same. */
export const keyHash = ({ identity }: AnyRows): string =>
  identity.reduce((seed, part) => `hashtextextended(${part}, ${seed})`, '0');

/** The hash of a person's other identifier, as it is compared. */
export const otherHash = (comparedOther: string): string => `hashtextextended(${comparedOther}, 0)`;

/**
 * Finds keys and other identifiers that more than one row has (blank ones too, but for what is empty: that would cost each row
 * a look), by their hashes, which is half the work: rows whose hash repeats must be looked at again. They are in the temporary
 * table `inlet_repeated` (hash, of_key) until the transaction ends.
 */
export async function findRepeated(client: pg.ClientBase, stage: string, rows: AnyRows): Promise<Repeated> {
  const repeated = (hash: string, ofKey: boolean, where = '') =>
    `SELECT ${hash} AS hash, ${ofKey} AS of_key FROM ${stage} s ${where} GROUP BY 1 HAVING count(*) > 1`;
  const passes = [repeated(keyHash(rows), true)];
  if (rows.kind === 'people' && rows.other !== null && rows.comparedOther !== null)
    passes.push(repeated(otherHash(rows.comparedOther), false, `WHERE ${rows.other} <> ''`));
  await client.query('DROP TABLE IF EXISTS inlet_repeated');
  await sorting(client, passes.length > 1, async () => {
    await client.query(`CREATE TEMP TABLE inlet_repeated ON COMMIT DROP AS ${passes.join(' UNION ALL ')}`);
  });
  const { rows: found } = await client.query<Repeated>(
    `SELECT coalesce(bool_or(of_key), false) AS keys, coalesce(bool_or(NOT of_key), false) AS others FROM inlet_repeated`,
  );
  const [first] = found;
  if (first?.keys === true || first?.others === true) await client.query('ANALYZE inlet_repeated');
  return first ?? { keys: false, others: false };
}

/**
 * Sorting is cheaper than hashing where nearly all groups are single rows, and takes less memory. One pass is shared by
 * several processes; of two, each has a process of its own, which saves handing over the rows.
 */
async function sorting(client: pg.ClientBase, several: boolean, work: () => Promise<void>): Promise<void> {
  const settings = {
    enable_hashagg: 'off',
    parallel_setup_cost: '0',
    parallel_tuple_cost: '0',
    ...(several && { enable_gathermerge: 'off', min_parallel_table_scan_size: "'1TB'" }),
  };
  const all = (to: (value: string) => string) =>
    Object.entries(settings)
      .map(([name, value]) => `SET LOCAL ${name} TO ${to(value)}`)
      .join('; ');
  await client.query(all((value) => value));
  await work();
  await client.query(all(() => 'DEFAULT'));
}
