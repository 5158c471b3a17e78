import {
  attributeOf,
  isBlank,
  isStorable,
  problemOf,
  type ModelColumn,
  type ModelFailure,
} from './people-model.js';

export interface ModelRows {
  columns: ModelColumn[];
  /** Cells as their text; null is NULL. */
  rows: (string | null)[][];
}

export type Row = (string | null)[];

/** What one row comes to, and the names of the rules that made it so. */
export interface Verdict<Outcome> {
  outcome: Outcome;
  rules: string[];
  failure?: Omit<ModelFailure, 'rowNumber'>;
}

export const cellOf = ({ columns }: ModelRows, row: Row, name: string): string | null =>
  row[columns.findIndex((column) => column.name === name)] ?? null;

export const failed = (key: string | null, column: string, value: string | null, reason: string) => ({
  outcome: 'failed' as const,
  rules: [`fails: ${column} ${reason}`],
  failure: { key, column, value, reason, collidesWith: null, written: 'none' as const },
});

/** What is wrong with a cell that must name something. */
export function keyFailure(query: ModelRows, row: Row, column: string, key: string | null) {
  const cell = cellOf(query, row, column);
  if (cell === null || isBlank(cell)) return failed(key, column, cell, 'blank_key');
  // An object's id has the limit of a person's.
  const problem = problemOf(column === 'email' ? 'email' : 'id', cell);
  return problem === null ? null : failed(key, column, cell, problem);
}

export function unstorable(query: ModelRows, row: Row, attributes: ModelColumn[], key: string | null) {
  const bad = attributes.find((column) => !isStorable(column, cellOf(query, row, column.name)));
  if (bad === undefined) return null;
  return {
    ...failed(key, bad.name, cellOf(query, row, bad.name), 'unstorable'),
    rules: ['fails: unstorable'],
  };
}

export const valuesOf = (query: ModelRows, row: Row, attributes: ModelColumn[]) =>
  attributes.map((column): [string, unknown] => [
    column.name,
    attributeOf(column, cellOf(query, row, column.name)),
  ]);

/** First each row by itself, then superseding, then what remains, in order. */
export function oneAfterTheOther<Outcome>(
  rows: Row[],
  byItself: (row: Row) => Verdict<Outcome> | null,
  isSame: (one: Row, two: Row) => boolean,
  inOrder: (row: Row) => Verdict<Outcome>,
  noteOf: (row: Row, later: Row) => string[] = () => [],
): Verdict<Outcome | 'superseded'>[] {
  const alone = rows.map(byItself);
  return rows.map((row, at) => {
    const failure = alone[at];
    if (failure !== null && failure !== undefined) return failure;
    const later = rows.find((another, place) => place > at && alone[place] === null && isSame(row, another));
    if (later === undefined) return inOrder(row);
    return { outcome: 'superseded', rules: ['superseded', ...noteOf(row, later)] };
  });
}
