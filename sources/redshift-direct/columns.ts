import type { FieldDef } from 'pg';
import type { CellType, Column } from '../source.js';

/**
 * Redshift's types by their numbers, which are PostgreSQL's and some of its own; its catalogs don't know all of these.
 * https://github.com/aws/amazon-redshift-python-driver/blob/master/redshift_connector/utils/oids.py
 */
const types = new Map<number, { name: string; type: CellType }>([
  [16, { name: 'boolean', type: 'boolean' }],
  [20, { name: 'bigint', type: 'bigint' }],
  [21, { name: 'smallint', type: 'bigint' }],
  [23, { name: 'integer', type: 'bigint' }],
  [19, { name: 'name', type: 'text' }],
  [25, { name: 'text', type: 'text' }],
  [26, { name: 'oid', type: 'text' }],
  [700, { name: 'real', type: 'real' }],
  [701, { name: 'double precision', type: 'double precision' }],
  [1042, { name: 'character', type: 'text' }],
  [1043, { name: 'character varying', type: 'text' }],
  [1082, { name: 'date', type: 'date' }],
  [1083, { name: 'time', type: 'text' }],
  [1114, { name: 'timestamp', type: 'timestamp' }],
  [1184, { name: 'timestamptz', type: 'timestamptz' }],
  [1188, { name: 'interval year to month', type: 'text' }],
  [1190, { name: 'interval day to second', type: 'text' }],
  [1266, { name: 'timetz', type: 'text' }],
  [1700, { name: 'numeric', type: 'numeric' }],
  [3000, { name: 'geometry', type: 'text' }],
  [3001, { name: 'geography', type: 'text' }],
  [3999, { name: 'geometry', type: 'text' }],
  [4000, { name: 'super', type: 'json' }],
  [6551, { name: 'varbyte', type: 'text' }],
]);

/** The columns of a described query. Redshift has no arrays but within SUPER, which is json. */
export function columnsOf(fields: FieldDef[]): Column[] {
  return fields.map(({ name, dataTypeID, dataTypeModifier }) => {
    const known = types.get(dataTypeID);
    const sourceType = known === undefined ? `type ${dataTypeID}` : known.name;
    return {
      name,
      type: known?.type ?? 'text',
      array: false,
      sourceType: sourceType + modifierOf(dataTypeID, dataTypeModifier),
    };
  });
}

/** Lengths, precisions and scales are kept with 4 added. */
function modifierOf(oid: number, modifier: number): string {
  if (modifier < 4) return '';
  const given = modifier - 4;
  if (oid === 1042 || oid === 1043 || oid === 6551) return `(${given})`;
  return oid === 1700 ? `(${given >> 16},${given & 0xffff})` : '';
}
