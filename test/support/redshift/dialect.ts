import pg from 'pg';

export type Parameters = readonly { name: string; value: string }[];

/** A statement of Redshift as PostgreSQL takes it. */
export interface Translation {
  text: string;
  values: string[];
  /** Which parameters it uses. */
  used: Set<string>;
  /** Where in the statement as written a place in `text` is; both count characters from 1. */
  position(inText: number): number;
}

/** What a rewrite must step over (literals, comments), and what it looks for. */
const TOKEN =
  /'(?:[^']|'')*'|\$\$[\s\S]*?\$\$|--[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"]|"")*"|::|:[0-9a-zA-Z_]+|\bgetdate\s*\(\s*\)/gi;

const CASE_SETTING = /^\s*set\s+enable_case_sensitive_identifier\s*(?:to|=)\s*'?(\w+)'?\s*;?\s*$/i;

/** What a statement sets enable_case_sensitive_identifier to, if that is what it does. */
export function caseSetting(sql: string): boolean | undefined {
  const value = CASE_SETTING.exec(sql)?.[1];
  return value === undefined ? undefined : ['true', 'on', '1'].includes(value.toLowerCase());
}

/**
 * Rewrites only what PostgreSQL has not:
 * - `:name` becomes `$n`, one for each place, so that each gets the type its place asks for;
 * - `GETDATE()` becomes the time at the start of the statement, to the second;
 * - `"Name"` becomes `"name"` as long as identifiers are not case-sensitive;
 * - `enable_case_sensitive_identifier` becomes a setting with a prefix, the only kind of unknown one PostgreSQL takes.
 */
export function translate(sql: string, caseSensitive: boolean, parameters: Parameters): Translation {
  const values: string[] = [];
  const used = new Set<string>();
  const edits: { from: number; to: number; end: number; grown: number }[] = [];
  let grown = 0;
  const edit = (token: string, replacement: string, at: number) => {
    const to = at + grown;
    grown += replacement.length - token.length;
    if (replacement !== token) edits.push({ from: at, to, end: to + replacement.length, grown });
    return replacement;
  };
  const rewritten = (token: string): string => {
    if (token.startsWith('"')) return caseSensitive ? token : token.toLowerCase();
    if (/^getdate/i.test(token)) return 'CAST(statement_timestamp() AS timestamp(0))';
    const parameter = /^:\w/.test(token) && parameters.find(({ name }) => name === token.slice(1));
    if (!parameter) return token;
    used.add(parameter.name);
    return `$${values.push(parameter.value)}`;
  };
  const text =
    caseSetting(sql) === undefined
      ? sql.replace(TOKEN, (token: string, at: number) => edit(token, rewritten(token), at))
      : sql.replace(/enable_case_sensitive_identifier/i, (token, at: number) =>
          edit(token, `redshift.${token}`, at),
        );
  return {
    text,
    values,
    used,
    position: (inText) => {
      const at = Array.from(text)
        .slice(0, inText - 1)
        .join('').length;
      const last = edits.findLast(({ to }) => to <= at);
      const original = !last ? at : at < last.end ? last.from : at - last.grown;
      return Array.from(sql.slice(0, original)).length + 1;
    },
  };
}

/**
 * In a batch of mode TRANSACTION the transaction is there already. PostgreSQL would make it read-only at a nested
 * `BEGIN READ ONLY`; on Redshift such a batch gives no protection, so that here it must not either.
 */
export const nested = (sql: string): string =>
  /^\s*(begin|start\s+transaction)\b/i.test(sql) ? 'BEGIN' : sql;

/** An error as the Data API words it: in the manner of PostgreSQL's JDBC driver. */
export function errorText(error: unknown, queryId: number, translation?: Translation): string {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error ? error.message : String(error);
  if (error.code === '57014') return `ERROR: Query (${queryId}) canceled on user's request`;
  if (error.code === '25006') return 'ERROR: transaction is read-only';
  const { position } = error;
  return [
    `${error.severity ?? 'ERROR'}: ${error.message}`,
    ...(error.detail === undefined ? [] : [`Detail: ${error.detail}`]),
    ...(error.hint === undefined ? [] : [`Hint: ${error.hint}`]),
    ...(position === undefined || !translation
      ? []
      : [`Position: ${translation.position(Number(position))}`]),
  ].join('\n  ');
}
