import { isJson, literal, objectOf, type Cell } from './cells.js';

/** What a row does to the attributes of whatever it is about, as SQL. */
export interface AttributesSql {
  /**
   * A subquery of one row with the column `attributes`: jsonb object of the attributes that the row sets, NULL unless the
   * condition holds.
   */
  attributes(when: string): string;
  /** A condition: setting `attributes` and removing what the row removes would change the jsonb object `had`. */
  changes(had: string, attributes: string): string;
  /** The jsonb object `had` with that done to it. */
  merged(had: string, attributes: string): string;
}

/** For more columns than this, it takes longer to see that an object has only these than to merge it. */
const FEW_COLUMNS = 30;

/**
 * Scalars are compared all at once by containment, which is fast. Arrays and objects are compared one by one: an array
 * contains another one with fewer elements, and to find that out takes time by their product, and a deep stack.
 */
export function attributesOf(cells: Cell[]): AttributesSql {
  if (cells.length === 0)
    return {
      attributes: (when) => `SELECT CASE WHEN ${when} THEN '{}'::jsonb END AS attributes`,
      changes: () => 'false',
      merged: (had) => had,
    };
  const removesSome = `(${cells.map(({ removes }) => `(${removes})`).join(' OR ')})`;
  const removed = `array_remove(ARRAY[${cells.map(({ column, removes }) => `CASE WHEN ${removes} THEN ${literal(column.name)} END`).join(', ')}]::text[], NULL)`;
  const nested = cells.filter(({ column }) => isJson(column) || column.array);
  const namesOf = (some: Cell[]) =>
    `ARRAY[${some.map(({ column }) => literal(column.name)).join(', ')}]::text[]`;
  const scalars = (attributes: string) =>
    nested.length === 0 ? attributes : `(${attributes} - ${namesOf(nested)})`;
  return {
    attributes: (when) => buildAttributes(cells, when, removesSome, removed),
    changes: (had, attributes) =>
      [
        ...(nested.length < cells.length ? [`NOT ${had} @> ${scalars(attributes)}`] : []),
        `${removesSome} AND ${had} ?| ${removed}`,
        ...nested.map(({ column: { name: key } }) => {
          const member = `-> ${literal(key)}`;
          return `${attributes} ${member} IS NOT NULL AND ${had} ${member} IS DISTINCT FROM ${attributes} ${member}`;
        }),
      ].join(' OR '),
    // Nearly always there is nothing but what the row has columns for, which is seen in a sixth of the time that || takes.
    merged: (had, attributes) =>
      `CASE ${cells.length > FEW_COLUMNS ? '' : `WHEN ${had} - ${namesOf(cells)} = '{}' THEN ${attributes} `}WHEN ${removesSome} THEN (${had} || ${attributes}) - ${removed} ELSE ${had} || ${attributes} END`,
  };
}

function buildAttributes(cells: Cell[], when: string, removesSome: string, removed: string): string {
  const all = objectOf(
    cells.map(({ column, value }) => [column.name, value]),
    'x',
  );
  const cheap = objectOf(
    cells.map((cell) => [cell.column.name, (cell.cheap ?? cell).value]),
    'y',
  );
  const unless = cells.flatMap((cell) => (cell.cheap === undefined ? [] : [cell.cheap.unless]));
  // jsonb_strip_nulls would go into json's own objects, too.
  const withoutNulls = cells.some(({ column }) => isJson(column))
    ? `${all.value} - ${removed}`
    : `jsonb_strip_nulls(${all.value})`;
  const usual =
    unless.length === 0
      ? `ELSE ${all.value}`
      : `WHEN ${unless.join(' OR ')} THEN ${all.value} ELSE ${cheap.value}`;
  return `SELECT CASE WHEN ${when} THEN CASE WHEN ${removesSome} THEN ${withoutNulls} ${usual} END END AS attributes
      FROM ${all.from}${unless.length === 0 ? '' : ` CROSS JOIN ${cheap.from}`}`;
}
