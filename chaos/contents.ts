import type pg from 'pg';

/** Everything that a workspace has from the syncs `companies` and `customers`, one line each. */
const contents = `
  SELECT 'person ' || id AS key, md5(coalesce(email, '') || attributes::text) AS digest FROM inlet.people WHERE workspace = $1
  UNION ALL SELECT 'object ' || object_id, md5(attributes::text) FROM inlet.objects
            WHERE workspace = $1 AND object_type = 'company'
  UNION ALL SELECT 'relationship ' || id || ' ' || object_id, md5(attributes::text) FROM inlet.relationships WHERE workspace = $1
  UNION ALL SELECT 'member ' || id, segment FROM inlet.segment_members WHERE workspace = $1`;

interface Side {
  name: string;
  store: { pool: pg.Pool | pg.ClientBase };
}

/** How many people, objects, relationships and members of segments one workspace lacks, has beside, or has otherwise. */
export async function countDifferences(one: Side, other: Side): Promise<number> {
  const digest = async ({ name, store }: Side) => {
    const { rows } = await store.pool.query<{ all: string | null }>(
      `SELECT md5(string_agg(key || ' ' || digest, ',' ORDER BY key COLLATE "C")) AS all FROM (${contents}) c`,
      [name],
    );
    return rows[0]?.all ?? null;
  };
  const [first, second] = [await digest(one), await digest(other)];
  if (first !== null && first === second) return 0;
  const lines = async ({ name, store }: Side) => {
    const { rows } = await store.pool.query<{ key: string; digest: string }>(contents, [name]);
    return new Map(rows.map(({ key, digest }) => [key, digest]));
  };
  const [mine, theirs] = [await lines(one), await lines(other)];
  return [...new Set([...mine.keys(), ...theirs.keys()])].filter((key) => mine.get(key) !== theirs.get(key))
    .length;
}
