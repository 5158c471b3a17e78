import type pg from 'pg';
import { usable, type AnyRows } from './row-sql.js';

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
 * Finds keys and other identifiers that more than one row has, by their hashes, which is half the work: rows whose hash
 * repeats must be looked at again. They are in the temporary table `inlet_repeated` (hash, of_key) until the transaction ends.
 */
export async function findRepeated(client: pg.ClientBase, stage: string, rows: AnyRows): Promise<Repeated> {
  const repeated = (hash: string, ofKey: boolean, where = '') =>
    `SELECT ${hash} AS hash, ${ofKey} AS of_key FROM ${stage} s ${where} GROUP BY 1 HAVING count(*) > 1`;
  const passes = [repeated(keyHash(rows), true)];
  if (rows.kind === 'people' && rows.other !== null && rows.comparedOther !== null)
    passes.push(repeated(otherHash(rows.comparedOther), false, `WHERE ${usable(rows.other)}`));
  await client.query('DROP TABLE IF EXISTS inlet_repeated');
  // Sorting is cheaper than hashing where nearly all groups are single rows, takes less memory, and can be shared.
  await client.query(
    'SET LOCAL enable_hashagg = off; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0',
  );
  await client.query(`CREATE TEMP TABLE inlet_repeated ON COMMIT DROP AS ${passes.join(' UNION ALL ')}`);
  await client.query(
    'SET LOCAL enable_hashagg TO DEFAULT; SET LOCAL parallel_setup_cost TO DEFAULT; SET LOCAL parallel_tuple_cost TO DEFAULT',
  );
  const { rows: found } = await client.query<Repeated>(
    `SELECT coalesce(bool_or(of_key), false) AS keys, coalesce(bool_or(NOT of_key), false) AS others FROM inlet_repeated`,
  );
  const [first] = found;
  if (first?.keys === true || first?.others === true) await client.query('ANALYZE inlet_repeated');
  return first ?? { keys: false, others: false };
}
