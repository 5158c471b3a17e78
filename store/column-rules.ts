import type { Identifier, SyncDefinition, WorkspaceSettings } from '../config/sync-definition.js';
import type { Column } from '../sources/source.js';

const MAX_COLUMNS = 300;
const MAX_NAME_BYTES = 150;

/** The columns of a people query by what they are for. */
export interface PeopleColumns {
  /** Index of the key's column in the query. */
  key: number;
  /** Index of the other identifier's column, if the query has it and the workspace lists it. */
  other: number | undefined;
  /** Indexes of the columns that are attributes. */
  attributes: number[];
}

type Definition = Pick<SyncDefinition, 'identifyBy'>;
type Settings = Pick<WorkspaceSettings, 'identifiers'>;

/**
 * Says what keeps the columns of a people query from being imported (docs/semantics.md, "Columns").
 * @returns sentences; an import may begin only if there is no problem
 */
export function checkColumns(
  definition: Definition,
  settings: Settings,
  columns: Column[],
): { problems: string[]; warnings: string[] } {
  const names = columns.map((column) => column.name);
  const problems = [...keyProblems(definition.identifyBy, names), ...nameProblems(names)];
  const warnings = settings.identifiers
    .filter((identifier) => identifier !== definition.identifyBy && !names.includes(identifier))
    .flatMap((identifier) => nearMiss(identifier, names));
  return { problems, warnings };
}

function keyProblems(key: Identifier, names: string[]): string[] {
  if (names.includes(key)) return [];
  const came = names.length === 0 ? 'It gives no columns.' : `It gives: ${names.join(', ')}.`;
  const near = names.find((name) => name.toLowerCase() === key);
  const fix =
    near === undefined
      ? `Select the column that holds the ${key}, or name it with AS "${key}".`
      : `"${near}" differs only by case: write ${quoted(near)} AS "${key}".`;
  return [`The query has no column "${key}", which identifies people in this sync. ${came} ${fix}`];
}

function nameProblems(names: string[]): string[] {
  const problems: string[] = [];
  if (names.length > MAX_COLUMNS)
    problems.push(
      `The query gives ${names.length} columns; at most ${MAX_COLUMNS} are allowed. Select only those you need.`,
    );
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  for (const name of repeated)
    problems.push(`The query gives the column "${name}" more than once. Give each its own name with AS.`);
  for (const [index, name] of names.entries())
    if (name.includes('\uFFFD'))
      problems.push(
        `The name of column ${index + 1}, "${name.slice(0, 40)}", has bytes that are not UTF-8. Rename it with AS.`,
      );
  if (names.includes('cio_id'))
    problems.push(
      'The query has a column "cio_id", which can\'t be imported. Remove it, or rename it with AS.',
    );
  for (const name of names)
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      problems.push(
        `The column name "${name.slice(0, 40)}…" is longer than ${MAX_NAME_BYTES} bytes. Rename it with AS.`,
      );
  return problems;
}

function nearMiss(identifier: Identifier, names: string[]): string[] {
  const near = names.find((name) => name.toLowerCase() === identifier);
  if (near === undefined) return [];
  return [
    `The column "${near}" is an ordinary attribute, because it differs from "${identifier}" by case. If it is the ${identifier}, write ${quoted(near)} AS "${identifier}".`,
  ];
}

const quoted = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

/**
 * Sorts the columns of a people query that `checkColumns` has passed. An identifier that the workspace does not list is
 * an ordinary attribute.
 */
export function peopleColumns(definition: Definition, settings: Settings, columns: Column[]): PeopleColumns {
  const names = columns.map((column) => column.name);
  const otherName = definition.identifyBy === 'id' ? 'email' : 'id';
  const key = names.indexOf(definition.identifyBy);
  const other = settings.identifiers.includes(otherName) ? names.indexOf(otherName) : -1;
  if (key < 0) throw new Error(`The query has no column "${definition.identifyBy}".`);
  return {
    key,
    other: other < 0 ? undefined : other,
    attributes: names.flatMap((_, index) => (index === key || index === other ? [] : [index])),
  };
}
