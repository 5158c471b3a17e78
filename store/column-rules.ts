import type { WorkspaceSettings } from '../config/sync-definition.js';
import type { Column } from '../sources/source.js';
import type { RowSubject } from './row-subject.js';
import { ignoredColumns } from './sorted-columns.js';

const MAX_COLUMNS = 300;
const MAX_NAME_BYTES = 150;

type Settings = Pick<WorkspaceSettings, 'identifiers'>;

/**
 * Says what keeps the columns of a query from being imported (docs/semantics.md, "Columns").
 * @returns sentences; an import may begin only if there is no problem
 */
export function checkColumns(
  subject: RowSubject,
  settings: Settings,
  columns: Column[],
): { problems: string[]; warnings: string[] } {
  const names = columns.map((column) => column.name);
  const needed = neededColumns(subject);
  const problems = [
    ...needed.flatMap((column) => missingProblem(subject, column, names)),
    ...nameProblems(subject, names),
  ];
  const optional = optionalColumns(subject, settings).filter((column) => !names.includes(column));
  const warnings = [
    ...optional.flatMap((column) => nearMiss(subject, column, names)),
    ...ignoredColumns(subject, settings)
      .filter((column) => names.includes(column))
      .map((column) => ignoredWarning(subject, column)),
  ];
  return { problems, warnings };
}

function neededColumns(subject: RowSubject): string[] {
  if (subject.kind === 'people') return [subject.identifyBy];
  return subject.kind === 'objects' ? ['object_id'] : ['object_id', subject.identifyBy];
}

/** Columns that mean something of their own where the query has them. */
function optionalColumns(subject: RowSubject, { identifiers }: Settings): string[] {
  if (subject.kind === 'people') return identifiers.filter((each) => each !== subject.identifyBy);
  return subject.kind === 'objects' ? [] : ['deleted'];
}

const theQuery = ({ kind }: RowSubject) =>
  kind === 'relationships' ? 'The relationship query' : 'The query';

const purposes: Record<string, string> = {
  id: 'the id',
  email: 'the email',
  object_id: "the object's id",
  deleted: 'whether the relationship is removed',
};

function missingProblem(subject: RowSubject, column: string, names: string[]): string[] {
  if (names.includes(column)) return [];
  const came = names.length === 0 ? 'It gives no columns.' : `It gives: ${names.join(', ')}.`;
  const near = names.find((name) => name.toLowerCase() === column);
  const fix =
    near === undefined
      ? `Select the column that holds ${purposes[column] ?? 'it'}, or name it with AS "${column}".`
      : `"${near}" differs only by case: write ${quoted(near)} AS "${column}".`;
  const whom = column === 'object_id' ? 'objects' : 'people';
  const where = subject.kind === 'relationships' ? 'there' : 'in this sync';
  return [
    `${theQuery(subject)} has no column "${column}", which identifies ${whom} ${where}. ${came} ${fix}`,
  ];
}

function nameProblems(subject: RowSubject, names: string[]): string[] {
  const query = theQuery(subject);
  const problems: string[] = [];
  if (names.length > MAX_COLUMNS)
    problems.push(
      `${query} gives ${names.length} columns; at most ${MAX_COLUMNS} are allowed. Select only those you need.`,
    );
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  for (const name of repeated)
    problems.push(`${query} gives the column "${name}" more than once. Give each its own name with AS.`);
  for (const [index, name] of names.entries())
    if (name.includes('\uFFFD'))
      problems.push(
        `The name of column ${index + 1}, "${name.slice(0, 40)}", has bytes that are not UTF-8. Rename it with AS.`,
      );
  if (subject.kind !== 'objects' && names.includes('cio_id'))
    problems.push(
      `${query} has a column "cio_id", which can't be imported. Remove it, or rename it with AS.`,
    );
  for (const name of names)
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      problems.push(
        `The column name "${name.slice(0, 40)}…" is longer than ${MAX_NAME_BYTES} bytes. Rename it with AS.`,
      );
  return problems;
}

function nearMiss(subject: RowSubject, column: string, names: string[]): string[] {
  const near = names.find((name) => name.toLowerCase() === column);
  if (near === undefined) return [];
  const of = subject.kind === 'relationships' ? ' of the relationship query' : '';
  return [
    `The column "${near}"${of} is an ordinary attribute, because it differs from "${column}" by case. If it is ${purposes[column] ?? 'that'}, write ${quoted(near)} AS "${column}".`,
  ];
}

function ignoredWarning(subject: RowSubject, column: string): string {
  const key = subject.kind === 'relationships' ? subject.identifyBy : '';
  return `The column "${column}" of the relationship query is ignored, because its rows name people by ${key} (relationships.identifyBy).`;
}

const quoted = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
