import { isJson, literal, objectOf, type Cell } from './cells.js';

/** What a row does to the attributes of whatever it is about, as SQL. */
export interface AttributesSql {
  /** jsonb object of the attributes that the row sets. */
  attributes: string;
  /** A condition: setting `attributes` and removing what the row removes would change the jsonb object `had`. */
  changes(had: string, attributes: string): string;
  /** The jsonb object `had` with that done to it. */
  merged(had: string, attributes: string): string;
}

/**
 * Scalars are compared all at once by containment, which is fast. Arrays and objects are compared one by one: an array
 * contains another one with fewer elements, and to find that out takes time by their product, and a deep stack.
 */
export function attributesOf(cells: Cell[]): AttributesSql {
  const all = objectOf(cells.map(({ column, value }) => [column.name, value]));
  if (cells.length === 0) return { attributes: all, changes: () => 'false', merged: (had) => had };
  const removesSome = `(${cells.map(({ removes }) => `(${removes})`).join(' OR ')})`;
  const removed = `array_remove(ARRAY[${cells.map(({ column, removes }) => `CASE WHEN ${removes} THEN ${literal(column.name)} END`).join(', ')}]::text[], NULL)`;
  const nested = cells.filter(({ column }) => isJson(column) || column.array);
  const names = nested.map(({ column }) => literal(column.name));
  const scalars = (attributes: string) =>
    nested.length === 0 ? attributes : `(${attributes} - ARRAY[${names.join(', ')}]::text[])`;
  return {
    attributes: nested.some(({ column }) => isJson(column))
      ? `CASE WHEN ${removesSome} THEN ${all} - ${removed} ELSE ${all} END`
      : `CASE WHEN ${removesSome} THEN jsonb_strip_nulls(${all}) ELSE ${all} END`,
    changes: (had, attributes) =>
      [
        ...(nested.length < cells.length ? [`NOT ${had} @> ${scalars(attributes)}`] : []),
        `${removesSome} AND ${had} ?| ${removed}`,
        ...nested.map(({ column: { name: key } }) => {
          const member = `-> ${literal(key)}`;
          return `${attributes} ${member} IS NOT NULL AND ${had} ${member} IS DISTINCT FROM ${attributes} ${member}`;
        }),
      ].join(' OR '),
    merged: (had, attributes) =>
      `CASE WHEN ${removesSome} THEN (${had} || ${attributes}) - ${removed} ELSE ${had} || ${attributes} END`,
  };
}
