/** What can be said of a query without the database: by its tokens, as PostgreSQL's lexer finds them. */
export interface QueryText {
  /** Without the semicolons it ends in, and what follows them. */
  statement: string;
  /** Offset of the first `$1`, `$2`, … outside of texts and comments. */
  parameterAt: number | undefined;
  /** Offset of the second statement, where a semicolon is not at the end. */
  secondStatementAt: number | undefined;
}

/**
 * The tokens that can hide a semicolon or a parameter: white space, comments, quoted texts of every kind, names (a `$`
 * can be part of one). `E'…'` goes on after a line break, with its backslashes; other texts may be taken piece by piece.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
const escapeBody = String.raw`'[^'\\]*(?:\\[\s\S][^'\\]*)*(?:'|$)`;
const goesOn = String.raw`(?:(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*)?`;
const plainText = String.raw`'[^']*(?:'|$)`;

const tokenWith = (...texts: string[]): RegExp =>
  new RegExp(
    [
      String.raw`(?<blank>[ \t\n\r\f\v]+|--[^\n\r]*)`,
      String.raw`(?<comment>/\*)`,
      `[eE]${escapeBody}(?:${goesOn}${escapeBody})*`,
      ...texts,
      String.raw`"[^"]*(?:"|$)`,
      String.raw`(?<dollars>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)`,
      String.raw`[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*`,
      String.raw`(?<parameter>\$\d+)`,
      `(?<semicolon>;)`,
      String.raw`[\s\S]`,
    ].join('|'),
    'y',
  );

const token = tokenWith(plainText);
/** For servers on which `standard_conforming_strings` is off, or not there: `'it\'s'` is one text. */
const tokenOfBackslashes = tokenWith(escapeBody);

export interface Dialect {
  /** Whether a backslash escapes what follows it in every text, and not only in `E'…'`. */
  backslashes: boolean;
}

/** Takes a query apart; a text that is no valid SQL gives some answer, and the database refuses it afterwards. */
export function readQueryText(query: string, { backslashes }: Dialect = { backslashes: false }): QueryText {
  const reads = backslashes ? tokenOfBackslashes : token;
  let parameterAt: number | undefined;
  let secondStatementAt: number | undefined;
  let semicolonAt: number | undefined;
  let begun = false;
  for (let at = 0; at < query.length;) {
    reads.lastIndex = at;
    const groups = reads.exec(query)?.groups ?? {};
    const end = tokenEnd(query, at, reads.lastIndex, groups);
    if (groups['semicolon'] !== undefined) {
      if (begun) semicolonAt ??= at;
    } else if (groups['blank'] === undefined && groups['comment'] === undefined) {
      begun = true;
      if (semicolonAt !== undefined) secondStatementAt ??= at;
      if (groups['parameter'] !== undefined) parameterAt ??= at;
    }
    at = end;
  }
  const ends = secondStatementAt === undefined ? semicolonAt : undefined;
  return { statement: query.slice(0, ends), parameterAt, secondStatementAt };
}

/** Whether there is nothing in a query but white space, comments and semicolons. */
export function isBlank(query: string): boolean {
  for (let at = 0; at < query.length;) {
    token.lastIndex = at;
    const groups = token.exec(query)?.groups ?? {};
    if (['blank', 'comment', 'semicolon'].every((kind) => groups[kind] === undefined)) return false;
    at = tokenEnd(query, at, token.lastIndex, groups);
  }
  return true;
}

function tokenEnd(
  query: string,
  start: number,
  end: number,
  groups: Record<string, string | undefined>,
): number {
  if (groups['comment'] !== undefined) return commentEnd(query, start);
  const dollars = groups['dollars'];
  if (dollars === undefined) return end;
  const close = query.indexOf(dollars, end);
  return close === -1 ? query.length : close + dollars.length;
}

/** Block comments nest. */
function commentEnd(query: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  for (let depth = 0; ;) {
    const found = mark.exec(query)?.[0];
    if (found === undefined) return query.length;
    depth += found === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
}

/** The quoted texts and names of a query, from quote to quote; comments are neither. */
export function quotedStretches(query: string): { kind: 'text' | 'name'; start: number; end: number }[] {
  const stretches: { kind: 'text' | 'name'; start: number; end: number }[] = [];
  for (let at = 0; at < query.length;) {
    token.lastIndex = at;
    const match = token.exec(query);
    const end = tokenEnd(query, at, token.lastIndex, match?.groups ?? {});
    const whole = match?.[0] ?? '';
    if (whole.startsWith('"')) stretches.push({ kind: 'name', start: at, end });
    else if (/^([eE]?'|\$)/.test(whole) && match?.groups?.['parameter'] === undefined)
      stretches.push({ kind: 'text', start: at, end });
    at = end;
  }
  return stretches;
}
