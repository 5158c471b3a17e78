import type { Identifier } from '../config/sync-definition.js';
import type { Column } from '../sources/source.js';

export type SourceType = 'postgres' | 'redshift' | 'redshift-direct';

/** What a table's columns are to a people sync. */
export interface ColumnRoles {
  /** The columns that hold the identifiers, where they can be told by their names. */
  identifiers: Partial<Record<Identifier, string>>;
  /** Says when a row was last changed. */
  changedAt: Column | undefined;
  attributes: string[];
  /** Not proposed: they look like secrets, or can't be imported. */
  leftOut: string[];
}

/** By what names tables have them, the likeliest first; the rest of a name, `_` and case do not count. */
const namesOf: Record<Identifier, readonly string[]> = {
  id: ['id', 'customerid', 'userid', 'personid', 'contactid', 'accountid', 'memberid', 'uuid'],
  email: ['email', 'emailaddress', 'mail', 'useremail', 'customeremail', 'contactemail'],
};
const changedAtNames = [
  'updatedat',
  'modifiedat',
  'changedat',
  'lastupdated',
  'lastmodified',
  'lastupdatedat',
  'lastmodifiedat',
  'updatedon',
  'modifiedon',
  'updated',
  'modified',
];

const secret = /passw|secret|token|hash|salt|api_?key|private_?key/i;
/** docs/semantics.md, "Columns": 300 columns, names of 150 bytes. */
const mostColumns = 300;
const mostNameBytes = 150;

/** Tells by names and types what each column of a table is to a people sync. */
export function rolesOf(columns: readonly Column[]): ColumnRoles {
  const [id, email] = [named(columns, namesOf.id), named(columns, namesOf.email)];
  const times = columns.filter(({ type, array }) => /^timestamp/.test(type) && !array);
  const changedAt = named(times, changedAtNames);
  const others = columns.map(({ name }) => name).filter((name) => name !== id?.name && name !== email?.name);
  const fits = others.filter((name) => isPlain(name) && !secret.test(name));
  const attributes = fits.slice(0, mostColumns - 2);
  return {
    identifiers: { ...(id && { id: id.name }), ...(email && { email: email.name }) },
    changedAt,
    attributes,
    leftOut: others.filter((name) => !attributes.includes(name)),
  };
}

function named(columns: readonly Column[], names: readonly string[]): Column | undefined {
  const plain = ({ name }: Column) => name.toLowerCase().replaceAll('_', '');
  for (const name of names) {
    const found =
      columns.find((column) => column.name === name) ?? columns.find((each) => plain(each) === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isPlain(name: string): boolean {
  const isTaken = ['id', 'email', 'cio_id'].includes(name);
  return (
    !isTaken &&
    !/[\p{C}\uFFFD]/u.test(name) &&
    Buffer.byteLength(name) <= mostNameBytes &&
    !name.includes('{{')
  );
}

export interface ProposedQuery {
  query: string;
  /** What a reader of the file should know of it, a sentence each. */
  remarks: string[];
}

/** A query of a table for its people: what changed, where a column tells, and else everybody every time. */
export function proposeQuery(table: string, roles: ColumnRoles, type: SourceType): ProposedQuery {
  const { identifiers, changedAt, attributes, leftOut } = roles;
  const selected = [
    ...(['id', 'email'] as const).flatMap((identifier) => {
      const column = identifiers[identifier];
      if (column === undefined) return [];
      return [column === identifier ? column : `${quoted(column)} AS ${identifier}`];
    }),
    ...attributes.map(quoted),
  ];
  const lines = ['SELECT', ...selected.map((each, i) => `  ${each}${i < selected.length - 1 ? ',' : ''}`)];
  lines.push(`FROM ${quotedTable(table)}`);
  if (changedAt !== undefined) lines.push(`WHERE ${quoted(changedAt.name)} > ${timeOf(type)}`);
  return { query: lines.join('\n'), remarks: remarksOn(changedAt, leftOut) };
}

/** The start of the newest completed import as a time; Redshift has no to_timestamp of a number. */
function timeOf(type: SourceType): string {
  return type === 'postgres'
    ? 'to_timestamp({{last_sync_time}})'
    : "TIMESTAMP 'epoch' + {{last_sync_time}} * INTERVAL '1 second'";
}

function remarksOn(changedAt: Column | undefined, leftOut: string[]): string[] {
  const remarks: string[] = [];
  if (changedAt === undefined) {
    remarks.push(
      'No column says when a row changed, so every import reads the whole table. With one such as updated_at, add: WHERE updated_at > to_timestamp({{last_sync_time}})',
    );
  } else {
    remarks.push(
      '{{last_sync_time}} is when the newest completed import began, in Unix seconds, and 0 at first: only rows changed since are read.',
    );
    if (changedAt.type === 'timestamp')
      remarks.push(`"${changedAt.name}" has no time zone, and is taken as UTC.`);
  }
  const shown = leftOut.filter((name) => !/\p{C}/u.test(name));
  if (shown.length > 0)
    remarks.push(`Left out: ${shown.join(', ')}. Select only what the workspace should know.`);
  return remarks;
}

/** A table as somebody types it; its parts are quoted where they must be, unless quotes are in it already. */
export function quotedTable(table: string): string {
  return table.includes('"') ? table : table.split('.').map(quoted).join('.');
}

/** Reserved in PostgreSQL or Amazon Redshift: such a name stands in quotes. */
const reserved = new Set(
  `all analyse analyze and any array as asc asymmetric authorization backup between binary both case cast check collate
  collation column concurrently constraint create credentials cross current_catalog current_date current_role
  current_schema current_time current_timestamp current_user default deferrable delta desc disable distinct do else emptyasnull
  enable encode encrypt encryption end except explicit false fetch for foreign freeze from full grant group having identity
  ignore ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp
  minus natural new not notnull null nulls off offset old on only open or order outer overlaps parallel partition percent
  permissions placing primary raw recover references resort respect restore returning right select session_user similar
  some symmetric sysdate system system_user table tablesample tag then timestamp to top trailing true truncatecolumns
  union unique user using variadic verbose wallet when where window with without`.split(/\s+/),
);

function quoted(name: string): string {
  const isPlainName = /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name);
  return isPlainName ? name : `"${name.replaceAll('"', '""')}"`;
}
