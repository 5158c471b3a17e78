import type pg from 'pg';
import { segmentOf } from '../config/sync-definition.js';
import { readScope } from './import-scope.js';
import { importTables } from './import-tables.js';
import { readRunning } from './imports.js';
import { compared, peopleRows, usable, type PeopleRows } from './row-sql.js';
import { mainSubject } from './row-subject.js';
import { countRows } from './statistics.js';
import { applying, only } from './store.js';

export type Mirrored =
  | { kind: 'left'; members: number }
  /** Who is in the result can't be told any more; nobody was removed. */
  | { kind: 'lost'; reason: string };

/**
 * Where a sync mirrors its segment, removes those whom it has added and who are no longer in the result of its query
 * (docs/semantics.md, "Segments"). In the transaction in which the import is closed as Completed, so that it happens if
 * and only if it is.
 */
export async function mirrorSegment(client: pg.ClientBase, key: string): Promise<Mirrored> {
  const work = await readRunning(client, key);
  const { definition, settings, staging } = work;
  const segment = segmentOf(definition);
  if (segment?.mirror !== true || staging === null) return { kind: 'left', members: 0 };
  if (staging.rows === 0 && !segment.allowEmpty) return { kind: 'left', members: 0 };

  await client.query(`SET LOCAL statement_timeout = ${applying.statement}; SET LOCAL work_mem = '128MB'`);
  const { stage, marks, people } = importTables(staging.table);
  if ((await rowsIfThere(client, stage)) !== staging.rows)
    return {
      kind: 'lost',
      reason:
        "All rows were applied, but the staged rows are gone, most likely because the store's server crashed, so nobody can tell who left the segment. Trigger the sync again.",
    };
  const { workspaceId, membership } = await readScope(client, work);
  const subject = mainSubject(definition);
  if (membership === null || subject.kind !== 'people') return { kind: 'left', members: 0 };
  const rows = peopleRows(subject, settings, staging.columns, staging.encoding);
  const { rowCount } = await client.query(
    `DELETE FROM inlet.segment_member m USING ${people} p
     WHERE m.segment_id = $1 AND m.sync_id = $2 AND p.person_id = m.person_id AND p.workspace_id = $3
       AND NOT EXISTS (SELECT FROM ${stage} s WHERE ${rows.comparedKey} = ${compared(rows.identifyBy, `p.${rows.identifyBy}`)})
       AND NOT (${mayBeClaimed(rows, { stage, marks, people })})`,
    [membership.segmentId, membership.syncId, workspaceId],
  );
  return { kind: 'left', members: rowCount ?? 0 };
}

async function rowsIfThere(client: pg.ClientBase, stage: string): Promise<number | null> {
  const { there } = only(
    await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [stage]),
  );
  return there ? await countRows(client, stage) : null;
}

/**
 * A condition on a person p: p has no key, and a row whose key nobody has names them by the other identifier. In mode
 * `add` such a row is skipped; in the others its person has the key by now.
 */
function mayBeClaimed(
  { identifyBy: key, otherIdentifier, other, comparedKey, comparedOther }: PeopleRows,
  { stage, marks, people }: { stage: string; marks: string; people: string },
): string {
  if (other === null || comparedOther === null) return 'false';
  return `p.${key} IS NULL AND ${compared(otherIdentifier, `p.${otherIdentifier}`)} IN (
         SELECT ${comparedOther} FROM ${stage} s
         WHERE ${usable(other)} AND NOT EXISTS (SELECT FROM ${marks} m WHERE m.n = s.n AND m.level = 0)
           AND NOT EXISTS (SELECT FROM ${people} h WHERE h.workspace_id = $3 AND ${compared(key, `h.${key}`)} = ${comparedKey}))`;
}
