import type { ModelWorkspace } from './relations-model.js';
import { definitionOf, settingsOf, type ImportOptions } from './store-import.js';
import type { Store } from '../../store/store.js';
import { ensureWorkspace, saveSync } from '../../store/workspaces.js';

/** The sync that made members whom the imported one has not. */
const anotherSync = 'another';

/** Something that a workspace has, by its names. */
export interface Thing {
  is: string;
  [name: string]: unknown;
}

export interface StoredThing {
  thing: Thing;
  /** Changes when it is written; null for what an import never writes again. */
  version: string | null;
}

/** Puts a workspace into the store, past all rules, and the sync that will import into it. */
export async function addWorkspace(
  store: Store,
  options: ImportOptions & { workspace: string },
  { people, objects, relationships, members }: ModelWorkspace,
): Promise<void> {
  const create = options.segment?.create === false ? [options.segment.name] : [];
  const client = await store.pool.connect();
  try {
    const workspaceId = await ensureWorkspace(client, options.workspace);
    const put = (statement: string, rows: unknown[]) =>
      client.query(statement, [workspaceId, JSON.stringify(rows)]);
    await put(
      `INSERT INTO inlet.segment (workspace_id, name) SELECT DISTINCT $1::int, name
       FROM jsonb_array_elements_text($2) AS name`,
      [...create, ...members.map(({ segment }) => segment)],
    );
    await saveSync(store, definitionOf(options), settingsOf(options));
    const { workspace, identifiers } = options;
    const plain = { workspace, sync: anotherSync, columns: [], ...(identifiers && { identifiers }) };
    await saveSync(store, definitionOf(plain), settingsOf(options));
    await put(
      `INSERT INTO inlet.person (workspace_id, id, email, attributes)
       SELECT $1, id, email, attributes FROM jsonb_to_recordset($2) AS p(id text, email text, attributes jsonb)`,
      people,
    );
    await put(
      `INSERT INTO inlet.object_type (workspace_id, name) SELECT DISTINCT $1::int, type
       FROM jsonb_to_recordset($2) AS o(type text)`,
      objects,
    );
    await put(
      `INSERT INTO inlet.object (object_type_id, object_id, attributes)
       SELECT t.object_type_id, o.id, o.attributes
       FROM jsonb_to_recordset($2) AS o(type text, id text, attributes jsonb)
       JOIN inlet.object_type t ON t.workspace_id = $1 AND t.name = o.type`,
      objects,
    );
    await put(
      `INSERT INTO inlet.relationship (person_id, object_key, attributes)
       SELECT p.person_id, o.object_key, r.attributes
       FROM jsonb_to_recordset($2) AS r(person jsonb, object jsonb, attributes jsonb)
       JOIN inlet.person p ON p.workspace_id = $1
         AND p.id IS NOT DISTINCT FROM r.person->>'id' AND p.email IS NOT DISTINCT FROM r.person->>'email'
       JOIN inlet.object_type t ON t.workspace_id = $1 AND t.name = r.object->>'type'
       JOIN inlet.object o ON o.object_type_id = t.object_type_id AND o.object_id = r.object->>'id'`,
      relationships,
    );
    await put(
      `INSERT INTO inlet.segment_member (segment_id, person_id, sync_id, import_number)
       SELECT g.segment_id, p.person_id, s.sync_id, 0
       FROM jsonb_to_recordset($2) AS m(segment text, person jsonb, "addedBy" text)
       JOIN inlet.person p ON p.workspace_id = $1
         AND p.id IS NOT DISTINCT FROM m.person->>'id' AND p.email IS NOT DISTINCT FROM m.person->>'email'
       JOIN inlet.segment g ON g.workspace_id = $1 AND g.name = m.segment
       JOIN inlet.sync s ON s.workspace_id = $1 AND (s.name = '${anotherSync}') = (m."addedBy" = 'another sync')`,
      members,
    );
  } finally {
    client.release();
  }
}

/**
 * Everything that a workspace has.
 * @param number the import that new members are of
 */
export async function readWorkspace(
  store: Store,
  workspace: string,
  number: number | null,
): Promise<StoredThing[]> {
  const { rows } = await store.pool.query<StoredThing>(
    `WITH this AS (SELECT workspace_id FROM inlet.workspace WHERE name = $1),
     persons AS (SELECT p.*, p.xmin AS version FROM inlet.person p JOIN this USING (workspace_id)),
     typed AS (SELECT o.*, o.xmin AS version, t.name AS type
               FROM inlet.object o JOIN inlet.object_type t USING (object_type_id) JOIN this USING (workspace_id))
     SELECT jsonb_build_object('is', 'segment', 'name', name) AS thing, NULL AS version
     FROM inlet.segment JOIN this USING (workspace_id)
     UNION ALL
     SELECT jsonb_build_object('is', 'person', 'id', id, 'email', email, 'attributes', attributes),
            format('person %s %s', person_id, version)
     FROM persons
     UNION ALL
     SELECT jsonb_build_object('is', 'object', 'type', type, 'id', object_id, 'attributes', attributes),
            format('object %s %s', object_key, version)
     FROM typed
     UNION ALL
     SELECT jsonb_build_object('is', 'relationship', 'type', o.type, 'object', o.object_id, 'id', p.id,
                               'email', p.email, 'attributes', r.attributes),
            format('relationship %s %s %s', r.person_id, r.object_key, r.xmin)
     FROM inlet.relationship r
     LEFT JOIN persons p USING (person_id) LEFT JOIN typed o USING (object_key)
     WHERE p.person_id IS NOT NULL OR o.object_key IS NOT NULL
     UNION ALL
     SELECT jsonb_build_object('is', 'member', 'segment', g.name, 'id', p.id, 'email', p.email,
                               'addedBy', CASE s.name WHEN '${anotherSync}' THEN 'another sync' ELSE 'this sync' END,
                               'addedNow', coalesce(m.import_number = $2, false)),
            format('member %s %s %s', m.segment_id, m.person_id, m.xmin)
     FROM inlet.segment_member m JOIN inlet.segment g USING (segment_id) JOIN this USING (workspace_id)
     LEFT JOIN persons p USING (person_id) JOIN inlet.sync s USING (sync_id)`,
    [workspace, number],
  );
  return rows;
}

/** What the log says of an import and `Ended` does not. */
export async function readImport(
  store: Store,
  workspace: string,
  number: number,
): Promise<{ addedByFailed: number; membersAdded: number; membersRemoved: number }> {
  const { rows } = await store.pool.query<{
    addedByFailed: number;
    membersAdded: number;
    membersRemoved: number;
  }>(
    `SELECT i.added_by_failed AS "addedByFailed", i.members_added AS "membersAdded",
            i.members_removed AS "membersRemoved"
     FROM inlet.import i JOIN inlet.workspace w USING (workspace_id) WHERE w.name = $1 AND i.number = $2`,
    [workspace, number],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`The log has no import ${number} of ${workspace}.`);
  return row;
}
