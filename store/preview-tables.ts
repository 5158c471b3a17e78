import type pg from 'pg';
import type { QueryName } from '../sources/source.js';
import type { ImportScope } from './import-scope.js';
import type { ImportTables } from './import-tables.js';
import { compared, type AnyRows } from './row-sql.js';
import { marksColumns, stagingColumns, type StagingShape } from './staging.js';

/** The temporary tables of a preview: staging of its own for each query, and copies of what its rows can touch. */
export const tablesOf = (query: QueryName): ImportTables => ({
  stage: `pg_temp.preview_${query}_stage`,
  marks: `pg_temp.preview_${query}_marks`,
  people: 'pg_temp.preview_people',
  objects: 'pg_temp.preview_objects',
  relationships: 'pg_temp.preview_relationships',
  failures: 'pg_temp.preview_failures',
});

/** Makes the staging of one query; they last for the transaction. */
export async function createPreviewTables(
  client: pg.ClientBase,
  query: QueryName,
  shape: StagingShape,
): Promise<void> {
  await client.query(`
    CREATE TEMP TABLE preview_${query}_stage (${stagingColumns(shape)}) ON COMMIT DROP;
    CREATE TEMP TABLE preview_${query}_marks (${marksColumns}) ON COMMIT DROP`);
}

/** Makes copies of the people, objects and relationships that the staged rows can touch: those whom they name. */
export async function copyWhatRowsTouch(
  client: pg.ClientBase,
  staged: { query: QueryName; rows: AnyRows }[],
  scope: ImportScope,
): Promise<void> {
  const { people, objects, relationships } = tablesOf('main');
  await client.query(`
    CREATE TEMP TABLE preview_people (LIKE inlet.person INCLUDING ALL) ON COMMIT DROP;
    CREATE TEMP TABLE preview_objects (LIKE inlet.object INCLUDING ALL) ON COMMIT DROP;
    CREATE TEMP TABLE preview_relationships (LIKE inlet.relationship INCLUDING ALL) ON COMMIT DROP;
    CREATE TEMP TABLE preview_failures (LIKE inlet.import_failure INCLUDING ALL) ON COMMIT DROP`);
  for (const { query, rows } of staged) {
    const { stage } = tablesOf(query);
    await client.query(`ANALYZE ${stage}`);
    for (const { identifier, expression } of peopleNamed(rows))
      await client.query(
        `INSERT INTO ${people} OVERRIDING SYSTEM VALUE
         SELECT p.* FROM inlet.person p
         WHERE p.workspace_id = $1 AND ${compared(identifier, `p.${identifier}`)} IN (SELECT ${compared(identifier, expression)} FROM ${stage} s)
         ON CONFLICT DO NOTHING`,
        [scope.workspaceId],
      );
    const named = objectsNamed(rows, scope);
    if (named === null) continue;
    await client.query(
      `INSERT INTO ${objects} OVERRIDING SYSTEM VALUE
       SELECT o.* FROM inlet.object o WHERE o.object_type_id = $1 AND o.object_id IN (SELECT ${named.expression} FROM ${stage} s)
       ON CONFLICT DO NOTHING`,
      [named.objectTypeId],
    );
  }
  await client.query(`
    INSERT INTO ${relationships}
    SELECT r.* FROM inlet.relationship r JOIN ${people} USING (person_id) JOIN ${objects} USING (object_key)`);
  await goOnAfter(client, people, 'person_id');
  await goOnAfter(client, objects, 'object_key');
}

function peopleNamed(rows: AnyRows): { identifier: 'id' | 'email'; expression: string }[] {
  if (rows.kind === 'objects') return [];
  const key = { identifier: rows.identifyBy, expression: rows.key };
  if (rows.kind === 'relationships' || rows.other === null) return [key];
  return [key, { identifier: rows.otherIdentifier, expression: rows.other }];
}

function objectsNamed(
  rows: AnyRows,
  { objectTypeId, relatedTypeId }: ImportScope,
): { objectTypeId: number | null; expression: string } | null {
  if (rows.kind === 'people') return null;
  return rows.kind === 'objects'
    ? { objectTypeId, expression: rows.key }
    : { objectTypeId: relatedTypeId, expression: rows.objectId };
}

/** What is added gets a number that no copy has. */
async function goOnAfter(client: pg.ClientBase, table: string, column: string): Promise<void> {
  await client.query(
    `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), (SELECT coalesce(max(${column}), 0) + 1 FROM ${table}))`,
  );
}
