import type { ImportTables } from './import-tables.js';

/** Which staged rows a statement works on ($2 and $3), and what is known of them. */
export interface Range {
  /** Blocks of the staging table; or positions in the marks, of contested rows or of rows that are listed there. */
  of: 'blocks' | 'contested' | 'listed';
  /** Some rows of the range are superseded, or contested and left to chunks of their own. */
  marked: boolean;
  /** There is nothing yet that the rows could be about: no look-ups. It fails with unique_violation if that is untrue. */
  fresh: boolean;
  /** Where it is fresh: `addingSound` has seen to the sound rows, and only the others are left. */
  unsound?: boolean;
}

/** The staged rows (s), where some are marked (m), and the level by which superseded (0) and contested rows are known. */
export function seen(
  { stage, marks }: ImportTables,
  { of, marked }: Range,
): { from: string; where: string; level: string } {
  const level = marked && of !== 'contested' ? 'm.level' : 'NULL::bigint';
  if (of !== 'blocks')
    return {
      from: `${marks} m JOIN ${stage} s ON s.ctid = m.place`,
      where: 'm.position BETWEEN $2::bigint AND $3::bigint',
      level,
    };
  return {
    from: marked ? `${stage} s LEFT JOIN ${marks} m ON m.n = s.n` : `${stage} s`,
    where: `s.ctid >= format('(%s,0)', $2::bigint)::tid AND s.ctid < format('(%s,0)', $3::bigint + 1)::tid`,
    level,
  };
}
