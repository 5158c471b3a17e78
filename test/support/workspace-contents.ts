import type { Store } from '../../store/store.js';

/** What a workspace has beside people, in a form that tests compare. */

export interface ObjectRow {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
}

export async function objectsOf(store: Store, workspace: string): Promise<ObjectRow[]> {
  const { rows } = await store.pool.query<ObjectRow>(
    `SELECT object_type AS type, object_id AS id, attributes FROM inlet.objects WHERE workspace = $1 ORDER BY 1, 2`,
    [workspace],
  );
  return rows;
}

export interface RelationshipRow {
  object: string;
  person: string;
  attributes: Record<string, unknown>;
}

/** Objects as `type/id`; people by their id, or else their email. */
export async function relationshipsOf(store: Store, workspace: string): Promise<RelationshipRow[]> {
  const { rows } = await store.pool.query<RelationshipRow>(
    `SELECT object_type || '/' || object_id AS object, coalesce(id, email) AS person, attributes
     FROM inlet.relationships WHERE workspace = $1 ORDER BY 1, 2`,
    [workspace],
  );
  return rows;
}

/** The ids (or else emails) of a segment's members, with the sync that added each. */
export async function membersOf(store: Store, workspace: string, segment: string): Promise<string[]> {
  const { rows } = await store.pool.query<{ member: string }>(
    `SELECT coalesce(id, email) || ' by ' || sync AS member FROM inlet.segment_members
     WHERE workspace = $1 AND segment = $2 ORDER BY 1`,
    [workspace, segment],
  );
  return rows.map(({ member }) => member);
}
