import type pg from 'pg';
import { segmentOf, type SyncDefinition } from '../config/sync-definition.js';
import { only } from './store.js';

/** The numbers that stand for the names in an import's definition. */
export interface ImportScope {
  workspaceId: number;
  /** Of the objects that the main query imports; null for people. */
  objectTypeId: number | null;
  /** Of the objects that the relationship query speaks of; null if there is none. */
  relatedTypeId: number | null;
  /** What is written to a member of the sync's segment; null if it has none. */
  membership: Membership | null;
}

export interface Membership {
  segmentId: number;
  syncId: number;
  importNumber: number;
}

/** How many of the segments that are there a message names. */
const NAMED = 20;

/** The sync's segment is not there, and the sync may not make it. */
export class SegmentMissing extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SegmentMissing';
  }
}

interface Imported {
  workspaceId: number;
  number: number;
  definition: SyncDefinition;
}

/**
 * Makes the object types that an import speaks of, and its segment if it may, where they are not there yet.
 * @throws SegmentMissing
 */
export async function prepareScope(
  client: pg.ClientBase,
  { workspaceId, definition }: Imported,
): Promise<void> {
  const types = [objectTypeOf(definition), definition.relationships?.objectType];
  for (const name of types.filter((type) => type !== undefined))
    await client.query(
      'INSERT INTO inlet.object_type (workspace_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [workspaceId, name],
    );
  await prepareSegment(client, workspaceId, definition);
}

/**
 * Makes the segment of a sync, if it may and it isn't there.
 * @throws SegmentMissing if it isn't there and the sync may not make it: names those that are
 */
export async function prepareSegment(
  client: pg.ClientBase,
  workspaceId: number,
  definition: SyncDefinition,
): Promise<void> {
  const segment = segmentOf(definition);
  if (segment === undefined) return;
  if (segment.create) {
    await client.query(
      'INSERT INTO inlet.segment (workspace_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [workspaceId, segment.name],
    );
    return;
  }
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM inlet.segment WHERE workspace_id = $1 ORDER BY name',
    [workspaceId],
  );
  const names = rows.map(({ name }) => name);
  if (!names.includes(segment.name)) throw new SegmentMissing(missingSegment(segment.name, names));
}

/** @param there the segments that the workspace has, by name */
export function missingSegment(wanted: string, there: string[]): string {
  const named = there.slice(0, NAMED).map((name) => `"${name}"`);
  const more = there.length > NAMED ? ` and ${there.length - NAMED} more` : '';
  const has = named.length === 0 ? 'It has none yet.' : `It has: ${named.join(', ')}${more}.`;
  return `The workspace has no segment "${wanted}". ${has} Correct segment.name, or set segment.create to true.`;
}

/**
 * Looks up what `prepareScope` has made.
 * @throws Error if it hasn't
 */
export async function readScope(client: pg.ClientBase, work: Imported): Promise<ImportScope> {
  const { workspaceId, number, definition } = work;
  const found = only(
    await client.query<{
      objectTypeId: number | null;
      relatedTypeId: number | null;
      segmentId: number | null;
      syncId: number;
    }>(
      `SELECT (SELECT object_type_id FROM inlet.object_type t WHERE t.workspace_id = $1 AND t.name = $3) AS "objectTypeId",
              (SELECT object_type_id FROM inlet.object_type t WHERE t.workspace_id = $1 AND t.name = $4) AS "relatedTypeId",
              (SELECT segment_id FROM inlet.segment g WHERE g.workspace_id = $1 AND g.name = $5) AS "segmentId",
              s.sync_id AS "syncId"
       FROM inlet.sync s WHERE s.workspace_id = $1 AND s.name = $2`,
      [
        workspaceId,
        definition.sync,
        objectTypeOf(definition) ?? null,
        definition.relationships?.objectType ?? null,
        segmentOf(definition)?.name ?? null,
      ],
    ),
  );
  const { objectTypeId, relatedTypeId, segmentId, syncId } = found;
  const membership = segmentId === null ? null : { segmentId, syncId, importNumber: number };
  return { workspaceId, objectTypeId, relatedTypeId, membership };
}

const objectTypeOf = (definition: SyncDefinition) =>
  definition.import === 'objects' ? definition.objectType : undefined;
