import type { Store } from './store.js';

/** An object as the workspace has it. */
export interface ObjectRecord {
  /** Its number in the store. */
  key: string;
  objectType: string;
  objectId: string;
  /** JSON text: numbers in it are exact. */
  attributes: string;
  createdAt: Date;
  updatedAt: Date;
}

/** The object of a type that has exactly this id, or null. */
export async function findObject(
  store: Store,
  which: { workspace: string; objectType: string; objectId: string },
): Promise<ObjectRecord | null> {
  const { rows } = await store.pool.query<ObjectRecord>(
    `SELECT o.object_key::text AS key, t.name AS "objectType", o.object_id AS "objectId",
            o.attributes::text AS attributes, o.created_at AS "createdAt", o.updated_at AS "updatedAt"
     FROM inlet.object o JOIN inlet.object_type t USING (object_type_id) JOIN inlet.workspace w USING (workspace_id)
     WHERE w.name = $1 AND t.name = $2 AND o.object_id = $3`,
    [which.workspace, which.objectType, which.objectId],
  );
  return rows[0] ?? null;
}

/** The types of objects that imports of the workspace have spoken of, by name. */
export async function listObjectTypes(store: Store, workspace: string): Promise<string[]> {
  const { rows } = await store.pool.query<{ name: string }>(
    `SELECT t.name FROM inlet.object_type t JOIN inlet.workspace w USING (workspace_id)
     WHERE w.name = $1 ORDER BY t.name`,
    [workspace],
  );
  return rows.map(({ name }) => name);
}
