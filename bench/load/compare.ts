import pg from 'pg';
import type { LoadWorkspace, SyncKind } from './workspaces.js';

/** For each kind of sync what the source has and what the store has, a line for each row, in the same order and words. */
const sides: Record<SyncKind, { source: string; store: string }> = {
  companies: {
    source: `SELECT concat_ws('|', company_no, name, seats) AS line FROM companies WHERE workspace = $1`,
    store: `SELECT concat_ws('|', object_id, attributes->>'name', attributes->>'seats') AS line FROM inlet.objects
            WHERE workspace = $1 AND object_type = 'company'`,
  },
  customers: {
    source: `SELECT concat_ws('|', id, email, first_name, plan, spend, company_no) AS line FROM customers WHERE workspace = $1`,
    store: `SELECT concat_ws('|', p.id, p.email, p.attributes->>'first_name', p.attributes->>'plan', p.attributes->>'spend', r.object_id) AS line
            FROM inlet.people p LEFT JOIN inlet.relationships r ON r.workspace = p.workspace AND r.id = p.id
            WHERE p.workspace = $1`,
  },
  newsletter: {
    source: `SELECT id::text AS line FROM customers WHERE workspace = $1 AND newsletter`,
    store: `SELECT id AS line FROM inlet.segment_members WHERE workspace = $1 AND segment = 'Newsletter'`,
  },
  scores: {
    source: `SELECT concat_ws('|', id, score) AS line FROM customers WHERE workspace = $1`,
    store: `SELECT concat_ws('|', id, attributes->>'score') AS line FROM inlet.people WHERE workspace = $1 AND attributes ? 'score'`,
  },
};

/**
 * Compares what each sync should have brought in with what is there.
 * @returns how many rows were compared, and a sentence for each sync where they differ
 */
export async function compare(
  urls: { source: string; store: string },
  workspaces: readonly LoadWorkspace[],
): Promise<{ rows: number; differences: string[] }> {
  const source = new pg.Pool({ connectionString: urls.source, max: 1 });
  const store = new pg.Pool({ connectionString: urls.store, max: 1 });
  let rows = 0;
  const differences: string[] = [];
  try {
    for (const { name, tenant, syncs } of workspaces) {
      for (const kind of new Set(syncs.map((sync) => sync.kind))) {
        const wanted = await linesOf(source, sides[kind].source, tenant);
        const found = await linesOf(store, sides[kind].store, name);
        const there = new Set(found);
        rows += wanted.length;
        const missing = wanted.filter((line) => !there.has(line));
        if (missing.length > 0 || found.length !== wanted.length)
          differences.push(
            `${name}, ${kind}: the source has ${wanted.length} rows, the store ${found.length}, and ${missing.length} of the source's are not there as they are.`,
          );
      }
    }
  } finally {
    await Promise.all([source.end(), store.end()]);
  }
  return { rows, differences };
}

async function linesOf(pool: pg.Pool, sql: string, workspace: number | string): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(sql, [workspace]);
  return rows.map(({ line }) => line);
}
