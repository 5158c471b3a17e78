/**
 * The rules of docs/semantics.md once more, as naive as can be: one row after the other, on an array of people. The
 * property test compares the store's SQL with it. It must share no line and no idea with that SQL. People are found by
 * maps, so that imports of many rows can be compared, too.
 */
export interface ModelPerson {
  id: string | null;
  email: string | null;
  attributes: Record<string, unknown>;
}

export type Identifier = 'id' | 'email';

export interface ModelColumn {
  name: string;
  type: 'text' | 'numeric' | 'json' | 'boolean';
}

export interface ModelImport {
  identifyBy: Identifier;
  identifiers: Identifier[];
  mode: 'add' | 'update' | 'add-and-update';
  allowEmailUpdatesUsingId: boolean;
  keepFailures: number;
  columns: ModelColumn[];
  /** Cells as their text; null is NULL. */
  rows: (string | null)[][];
}

export interface ModelFailure {
  rowNumber: number;
  key: string | null;
  column: string;
  value: string | null;
  reason: string;
  collidesWith: string | null;
  written: 'none' | 'attributes' | 'person';
}

type Outcome = 'added' | 'updated' | 'unchanged' | 'skipped' | 'superseded' | 'failed';

export interface ModelResult {
  people: ModelPerson[];
  /** Those of them that the import wrote. */
  written: Set<ModelPerson>;
  outcomes: Outcome[];
  /** The first `keepFailures` of them. */
  failures: ModelFailure[];
  addedByFailed: number;
  /** For each row the cell of the tables that decided it. */
  cells: string[];
}

const limits = { id: 150, email: 254 };

export const isBlank = (text: string) => /^\p{White_Space}*$/u.test(text);

function isTooLong(identifier: Identifier, text: string): boolean {
  return identifier === 'id' ? Buffer.byteLength(text) > limits.id : Array.from(text).length > limits.email;
}

/** RFC 5322 addr-spec, without comments and folding, read character by character. */
export function isAddress(text: string): boolean {
  let at = 0;
  const atomChars = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]$/;
  const next = () => text[at] ?? '';
  const dotAtom = () => {
    for (;;) {
      const start = at;
      while (atomChars.test(next())) at += 1;
      if (at === start) return false;
      if (next() !== '.') return true;
      at += 1;
    }
  };
  const code = () => text.charCodeAt(at);
  const isSpace = () => next() === ' ' || next() === '\t';
  const quoted = () => {
    at += 1;
    while (at < text.length && next() !== '"') {
      if (next() === '\\') {
        at += 1;
        if (!(isSpace() || (code() >= 33 && code() <= 126))) return false;
      } else if (!(isSpace() || (code() >= 33 && code() <= 126))) return false;
      at += 1;
    }
    if (next() !== '"') return false;
    at += 1;
    return true;
  };
  const literal = () => {
    at += 1;
    while (at < text.length && next() !== ']') {
      const plain = (code() >= 33 && code() <= 90) || (code() >= 94 && code() <= 126);
      if (!plain && !isSpace()) return false;
      at += 1;
    }
    if (next() !== ']') return false;
    at += 1;
    return true;
  };
  if (!(next() === '"' ? quoted() : dotAtom())) return false;
  if (next() !== '@') return false;
  at += 1;
  return (next() === '[' ? literal() : dotAtom()) && at === text.length;
}

/** Why a text that is not blank can't be an identifier. */
export function problemOf(identifier: Identifier, text: string): 'too_long' | 'invalid_email' | null {
  if (isTooLong(identifier, text)) return 'too_long';
  return identifier === 'email' && !isAddress(text) ? 'invalid_email' : null;
}

export const sameIdentifier = (identifier: Identifier, one: string, two: string) =>
  identifier === 'id' ? one === two : one.toLowerCase() === two.toLowerCase();

/** JSON that the workspace can't hold: a NUL, half a surrogate pair, a number out of range. */
export function isStorable(column: ModelColumn, cell: string | null): boolean {
  if (column.type !== 'json' || cell === null) return true;
  const exponent = /[eE]\+?(\d+)/.exec(cell);
  if (exponent !== null && Number(exponent[1]) > 131_071) return false;
  const clean = (value: unknown): boolean => {
    if (typeof value === 'string') return !value.includes('\0') && !/\p{Surrogate}/u.test(value);
    if (Array.isArray(value)) return value.every(clean);
    if (typeof value === 'object' && value !== null) return Object.entries(value).every(clean);
    return true;
  };
  return clean(JSON.parse(cell));
}

/** Null: the attribute is removed. */
export function attributeOf(column: ModelColumn, cell: string | null): unknown {
  if (cell === null) return null;
  if (column.type === 'json') return JSON.parse(cell);
  if (column.type === 'boolean') return cell === 't';
  return column.type === 'numeric' ? Number(cell) : cell;
}

/** Does to the attributes of a person, or of whatever has some, what the row says; true if that changed them. */
export function applyAttributes(
  whose: Pick<ModelPerson, 'attributes'>,
  attributes: [string, unknown][],
): boolean {
  const before = canonical(whose.attributes);
  const after = new Map(Object.entries(whose.attributes));
  for (const [name, value] of attributes)
    if (value === null) after.delete(name);
    else after.set(name, value);
  whose.attributes = Object.fromEntries(after);
  return canonical(whose.attributes) !== before;
}

/** JSON text that is the same for equal values. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function nameOf({ id, email }: ModelPerson): string {
  if (id === null) return `email ${email ?? ''}`;
  return email === null ? `id ${id}` : `id ${id} (${email})`;
}

/** What one row comes to. */
interface Verdict {
  outcome: Outcome;
  cell: string;
  failure?: Omit<ModelFailure, 'rowNumber' | 'key'>;
}

/** Applies an import to people, who are changed in place. */
export function applyInOrder(people: ModelPerson[], task: ModelImport): ModelResult {
  const key = task.identifyBy;
  const other: Identifier = key === 'id' ? 'email' : 'id';
  const keyAt = task.columns.findIndex(({ name }) => name === key);
  const otherAt = task.identifiers.includes(other)
    ? task.columns.findIndex(({ name }) => name === other)
    : -1;
  const written = new Set<ModelPerson>();
  const spelled = (identifier: Identifier, text: string) => (identifier === 'id' ? text : text.toLowerCase());
  const holders = { id: new Map<string, ModelPerson>(), email: new Map<string, ModelPerson>() };
  const holderOf = (identifier: Identifier, text: string) =>
    holders[identifier].get(spelled(identifier, text));
  /** Gives an identifier to a person, who gives up the one that they had. */
  const give = (person: ModelPerson, identifier: Identifier, text: string): void => {
    const had = person[identifier];
    if (had !== null) holders[identifier].delete(spelled(identifier, had));
    person[identifier] = text;
    holders[identifier].set(spelled(identifier, text), person);
  };
  for (const person of people)
    for (const identifier of ['id', 'email'] as const)
      if (person[identifier] !== null) give(person, identifier, person[identifier]);
  const cellOf = (row: (string | null)[], at: number) => row[at] ?? null;

  function byItself(row: (string | null)[]): Verdict | null {
    const cell = cellOf(row, keyAt);
    const fail = (column: string, value: string | null, reason: string): Verdict => ({
      outcome: 'failed',
      cell: `by itself: ${reason}`,
      failure: { column, value, reason, collidesWith: null, written: 'none' },
    });
    if (cell === null || isBlank(cell)) return fail(key, cell, 'blank_key');
    const problem = problemOf(key, cell);
    if (problem !== null) return fail(key, cell, problem);
    for (const [at, column] of task.columns.entries())
      if (at !== keyAt && at !== otherAt && !isStorable(column, cellOf(row, at)))
        return fail(column.name, cellOf(row, at), 'unstorable');
    return null;
  }

  function inOrder(row: (string | null)[]): Verdict {
    const k = cellOf(row, keyAt) ?? '';
    const cell = otherAt < 0 ? null : cellOf(row, otherAt);
    const o = cell === null || isBlank(cell) ? null : cell;
    const attributes = task.columns.flatMap((column, at): [string, unknown][] =>
      at === keyAt || at === otherAt ? [] : [[column.name, attributeOf(column, cellOf(row, at))]],
    );
    const p = holderOf(key, k);
    const oProblem = o === null ? null : problemOf(other, o);
    const owner = o === null || oProblem !== null ? undefined : holderOf(other, o);
    const q = owner === p ? undefined : owner;

    const add = (otherCell: string | null): void => {
      const person: ModelPerson = { id: null, email: null, attributes: {} };
      give(person, key, k);
      if (otherCell !== null) give(person, other, otherCell);
      applyAttributes(person, attributes);
      people.push(person);
      written.add(person);
    };
    const change = (person: ModelPerson, changed: boolean): boolean => {
      if (changed) written.add(person);
      return changed;
    };
    const refuse = (reason: string, left: ModelFailure['written'], cell: string): Verdict => ({
      outcome: 'failed',
      cell,
      failure: {
        column: other,
        value: o,
        reason,
        collidesWith: reason === 'belongs_to_another' && q !== undefined ? nameOf(q) : null,
        written: left,
      },
    });

    if (p === undefined) {
      const where =
        oProblem !== null
          ? `O ${oProblem}`
          : q === undefined
            ? 'O none or free'
            : q[key] === null
              ? 'O of a person without key'
              : 'O of a person with another key';
      const at = `nobody, ${where}`;
      if (q !== undefined && q[key] === null) {
        if (task.mode === 'add') return { outcome: 'skipped', cell: at };
        give(q, key, k);
        applyAttributes(q, attributes);
        written.add(q);
        return { outcome: 'updated', cell: at };
      }
      if (task.mode === 'update') return { outcome: 'skipped', cell: at };
      if (oProblem === null && q === undefined) {
        add(o);
        return { outcome: 'added', cell: at };
      }
      add(null);
      return refuse(oProblem ?? 'belongs_to_another', 'person', at);
    }

    if (task.mode === 'add') return { outcome: 'skipped', cell: 'someone' };
    const had = p[other];
    const applied = change(p, applyAttributes(p, attributes));
    const soFar = applied ? 'attributes' : 'none';
    if (o === null || (had !== null && sameIdentifier(other, had, o)))
      return {
        outcome: applied ? 'updated' : 'unchanged',
        cell: o === null ? 'someone, O none' : 'someone, O the same',
      };
    if (oProblem !== null) return refuse(oProblem, soFar, `someone, O ${oProblem}`);
    if (q !== undefined) return refuse('belongs_to_another', soFar, 'someone, O of another');
    const mayMove = other === 'email' && task.allowEmailUpdatesUsingId;
    if (had !== null && !mayMove)
      return refuse('already_set', soFar, 'someone with another O, O free: refused');
    give(p, other, o);
    written.add(p);
    return {
      outcome: 'updated',
      cell: had === null ? 'someone without O, O free' : 'someone with another O, O free: set',
    };
  }

  const alone = task.rows.map(byItself);
  /** The last row of each key that does not fail by itself. */
  const lastOf = new Map(
    task.rows.flatMap((row, index) =>
      alone[index] === null ? [[spelled(key, cellOf(row, keyAt) ?? ''), index] as const] : [],
    ),
  );
  const isSuperseded = (index: number) =>
    lastOf.get(spelled(key, cellOf(task.rows[index] ?? [], keyAt) ?? '')) !== index;
  const verdicts = task.rows.map((row, index): Verdict => {
    const failed = alone[index];
    if (failed !== null && failed !== undefined) return failed;
    return isSuperseded(index) ? { outcome: 'superseded', cell: 'superseded' } : inOrder(row);
  });
  return {
    people,
    written,
    outcomes: verdicts.map(({ outcome }) => outcome),
    failures: verdicts
      .flatMap(({ failure }, index) =>
        failure === undefined
          ? []
          : [{ rowNumber: index + 1, key: cellOf(task.rows[index] ?? [], keyAt), ...failure }],
      )
      .slice(0, task.keepFailures),
    addedByFailed: verdicts.filter(({ failure }) => failure?.written === 'person').length,
    cells: verdicts.map(({ cell }) => cell),
  };
}

/** Every cell of the tables that a mode can come to. */
export function cellsOf({ identifyBy, mode }: Pick<ModelImport, 'identifyBy' | 'mode'>): string[] {
  const keyProblems = ['blank_key', 'too_long', ...(identifyBy === 'email' ? ['invalid_email'] : [])];
  const oProblems = ['too_long', ...(identifyBy === 'id' ? ['invalid_email'] : [])];
  return [
    ...[...keyProblems, 'unstorable'].map((reason) => `by itself: ${reason}`),
    'superseded',
    ...['none or free', ...oProblems, 'of a person without key', 'of a person with another key'].map(
      (o) => `nobody, O ${o}`,
    ),
    ...(mode === 'add'
      ? ['someone']
      : [
          ...['none', 'the same', ...oProblems, 'of another'].map((o) => `someone, O ${o}`),
          'someone without O, O free',
          'someone with another O, O free: refused',
          ...(identifyBy === 'id' ? ['someone with another O, O free: set'] : []),
        ]),
  ];
}
