import type { Store } from './store.js';

/** A manual segment, with how many are in it and who came last. */
export interface SegmentRecord {
  segment: string;
  createdAt: Date;
  members: number;
  /** The newest first, no more than were asked for. */
  newest: MemberRecord[];
}

export interface MemberRecord {
  id: string | null;
  email: string | null;
  addedAt: Date;
  /** By which sync and by which of its imports. */
  sync: string;
  number: number;
}

/** The segments of a workspace, by name. */
export async function listSegments(
  store: Store,
  workspace: string,
  newest: number,
): Promise<SegmentRecord[]> {
  const { rows } = await store.pool.query<Omit<SegmentRecord, 'newest'> & { key: number }>(
    `SELECT g.segment_id AS key, g.name AS segment, g.created_at AS "createdAt",
            (SELECT count(*) FROM inlet.segment_member m WHERE m.segment_id = g.segment_id) AS members
     FROM inlet.segment g JOIN inlet.workspace w USING (workspace_id)
     WHERE w.name = $1 ORDER BY g.name`,
    [workspace],
  );
  return await Promise.all(
    rows.map(async ({ key, ...segment }) => ({
      ...segment,
      newest: await newestMembers(store, key, newest),
    })),
  );
}

async function newestMembers(store: Store, segmentId: number, limit: number): Promise<MemberRecord[]> {
  const { rows } = await store.pool.query<MemberRecord>(
    `SELECT p.id, p.email, m.added_at AS "addedAt", s.name AS sync, m.import_number AS number
     FROM (SELECT * FROM inlet.segment_member WHERE segment_id = $1 ORDER BY added_at DESC, person_id DESC LIMIT $2) m
     JOIN inlet.person p USING (person_id) JOIN inlet.sync s ON s.sync_id = m.sync_id
     ORDER BY m.added_at DESC, m.person_id DESC`,
    [segmentId, limit],
  );
  return rows;
}

/** One person's membership of a segment. */
export interface MembershipRecord {
  segment: string;
  addedAt: Date;
  sync: string;
  number: number;
}

/** @param personKey the person's number in the store */
export async function membershipsOf(store: Store, personKey: string): Promise<MembershipRecord[]> {
  const { rows } = await store.pool.query<MembershipRecord>(
    `SELECT g.name AS segment, m.added_at AS "addedAt", s.name AS sync, m.import_number AS number
     FROM inlet.segment_member m JOIN inlet.segment g USING (segment_id) JOIN inlet.sync s USING (sync_id)
     WHERE m.person_id = $1 ORDER BY g.name`,
    [personKey],
  );
  return rows;
}
