import type pg from 'pg';

/** What is watched: how a row of each table is told from others. */
const tables = {
  person: 'person_id::text',
  object: 'object_key::text',
  relationship: "person_id || '/' || object_key",
};

/**
 * An account of every write to the store's one workspace that the product does not keep itself: triggers note each row
 * that is written and each chunk that is counted, with the transaction. What is not in the same transaction as its chunk,
 * or is written twice by one import, shows.
 */
export async function installAudit(store: pg.Pool): Promise<void> {
  await store.query(`
    CREATE SCHEMA audit;
    CREATE TABLE audit.write (txid bigint NOT NULL, kind text NOT NULL, key text NOT NULL, op text NOT NULL);
    CREATE TABLE audit.chunk (txid bigint NOT NULL, import_id bigint NOT NULL, query text NOT NULL, chunk int NOT NULL);
    CREATE FUNCTION audit.note_chunk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO audit.chunk VALUES (txid_current(), NEW.import_id, NEW.query, NEW.chunk);
      RETURN NULL;
    END $$;
    CREATE TRIGGER note_chunk AFTER UPDATE OF applied_at ON inlet.chunk
      FOR EACH ROW WHEN (NEW.applied_at IS NOT NULL) EXECUTE FUNCTION audit.note_chunk();`);
  for (const [table, key] of Object.entries(tables)) {
    await store.query(`
      CREATE FUNCTION audit.note_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO audit.write SELECT txid_current(), '${table}', ${key}, TG_OP FROM written;
        RETURN NULL;
      END $$`);
    for (const [op, image] of [
      ['INSERT', 'NEW'],
      ['UPDATE', 'NEW'],
      ['DELETE', 'OLD'],
    ])
      await store.query(`
        CREATE TRIGGER note_${op} AFTER ${op} ON inlet.${table} REFERENCING ${image} TABLE AS written
          FOR EACH STATEMENT EXECUTE FUNCTION audit.note_${table}()`);
  }
}

export async function resetAudit(store: pg.Pool): Promise<void> {
  await store.query('TRUNCATE audit.write, audit.chunk');
}

/** What the audit found of the imports since it was reset. */
export interface Audited {
  /** Writes of a row beyond the first by one import, writes without a chunk, and chunks applied more than once. */
  appliedTwice: number;
  /** Sentences, one for each import whose counts are not what was written. */
  miscounted: string[];
}

/** Holds the imports' counts against what was written; nothing may run meanwhile. */
export async function audit(store: pg.Pool): Promise<Audited> {
  const twice = await store.query<{ count: number }>(
    `WITH by_import AS (
       SELECT c.import_id, count(*) AS writes FROM audit.write w LEFT JOIN audit.chunk c USING (txid)
       GROUP BY c.import_id, w.kind, w.key
     ), chunks AS (SELECT count(*) AS times FROM audit.chunk GROUP BY import_id, query, chunk)
     SELECT (coalesce((SELECT sum(CASE WHEN import_id IS NULL THEN writes ELSE writes - 1 END) FROM by_import), 0)
             + coalesce((SELECT sum(times - 1) FROM chunks), 0))::int AS count`,
  );
  const { rows } = await store.query<{ name: string; counts: string; written: string }>(
    `WITH wrote AS (
       SELECT c.import_id,
              count(*) FILTER (WHERE kind <> 'relationship' AND op = 'INSERT') AS added,
              count(*) FILTER (WHERE kind <> 'relationship' AND op = 'UPDATE') AS updated,
              count(*) FILTER (WHERE kind = 'relationship' AND op = 'INSERT') AS related,
              count(*) FILTER (WHERE kind = 'relationship' AND op = 'UPDATE') AS changed,
              count(*) FILTER (WHERE kind = 'relationship' AND op = 'DELETE') AS removed
       FROM audit.write w JOIN audit.chunk c USING (txid) GROUP BY 1
     ), compared AS (
       SELECT s.name || ' #' || i.number AS name,
              jsonb_build_object('added', i.added, 'updated', i.updated, 'related', coalesce(i.related, 0),
                                 'changed', coalesce(i.changed, 0), 'removed', coalesce(i.removed, 0)) AS counts,
              jsonb_build_object('added', coalesce(w.added, 0), 'updated', coalesce(w.updated, 0),
                                 'related', coalesce(w.related, 0), 'changed', coalesce(w.changed, 0),
                                 'removed', coalesce(w.removed, 0)) AS written
       FROM inlet.import i JOIN inlet.sync s USING (sync_id) LEFT JOIN wrote w USING (import_id)
       WHERE i.import_id IN (SELECT import_id FROM audit.chunk)
     )
     SELECT name, counts::text, written::text FROM compared WHERE counts <> written`,
  );
  return {
    appliedTwice: twice.rows[0]?.count ?? 0,
    miscounted: rows.map(({ name, counts, written }) => `${name} says ${counts}, and wrote ${written}`),
  };
}
