import { only, type Store } from './store.js';

/** A relationship, from either side. */
export interface RelationshipRecord {
  objectType: string;
  objectId: string;
  id: string | null;
  email: string | null;
  /** JSON text: numbers in it are exact. */
  attributes: string;
  createdAt: Date;
  updatedAt: Date;
}

/** The relationships of a person or of an object. */
export interface Relationships {
  count: number;
  /** The newest first, no more than were asked for. */
  newest: RelationshipRecord[];
}

/** @param key the person's number in the store */
export const relationshipsOfPerson = (store: Store, key: string, limit: number) =>
  relationshipsBy(store, 'person_id', key, limit);

/** @param key the object's number in the store */
export const relationshipsOfObject = (store: Store, key: string, limit: number) =>
  relationshipsBy(store, 'object_key', key, limit);

async function relationshipsBy(
  store: Store,
  side: 'person_id' | 'object_key',
  key: string,
  limit: number,
): Promise<Relationships> {
  const { count } = only(
    await store.pool.query<{ count: number }>(
      `SELECT count(*) AS count FROM inlet.relationship WHERE ${side} = $1`,
      [key],
    ),
  );
  const { rows } = await store.pool.query<RelationshipRecord>(
    `SELECT t.name AS "objectType", o.object_id AS "objectId", p.id, p.email, r.attributes::text AS attributes,
            r.created_at AS "createdAt", r.updated_at AS "updatedAt"
     FROM inlet.relationship r JOIN inlet.person p USING (person_id) JOIN inlet.object o USING (object_key)
     JOIN inlet.object_type t USING (object_type_id)
     WHERE r.${side} = $1
     ORDER BY r.created_at DESC, t.name, o.object_id, p.id, p.email LIMIT $2`,
    [key, limit],
  );
  return { count, newest: rows };
}
