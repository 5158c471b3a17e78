import { stringify } from 'yaml';
import type { Identifier } from '../config/sync-definition.js';
import type { ProposedQuery } from './init-query.js';

/** How a database of the new file is reached. */
export type DatabasePlan =
  | { type: 'postgres' | 'redshift-direct'; urlVariable: string }
  | { type: 'redshift'; region?: string; cluster?: string; workgroup?: string; database: string };

export interface SyncPlan extends ProposedQuery {
  identifyBy: Identifier;
  every: string;
}

export interface FilePlan {
  workspace: string;
  database: DatabasePlan;
  /** What the schema for editors is called from the file's directory; undefined where it is not near. */
  schema: string | undefined;
  /** By its name. Without it the file only says how to connect. */
  sync?: { name: string; plan: SyncPlan };
}

/** The text of a new inlet.yaml, with comments for who reads one for the first time (docs/configuration.md). */
export function fileText(plan: FilePlan): string {
  const database = databaseName(plan.database);
  return [
    ...(plan.schema === undefined ? [] : [`# yaml-language-server: $schema=${plan.schema}`]),
    '# One file is one workspace. docs/configuration.md of the package inlet-etl has every key.',
    '',
    'workspace:',
    `  name: ${scalar(plan.workspace)}`,
    '',
    "# Inlet's own PostgreSQL is named by the variable INLET_STORE_URL.",
    '',
    'databases:',
    '  # Credentials never stand here: ${NAME} is an environment variable, of the process or of .inlet/env.',
    `  ${database}:`,
    ...databaseLines(plan.database).map((line) => `    ${line}`),
    ...(plan.sync === undefined
      ? []
      : ['', 'syncs:', ...syncLines(plan.sync.name, plan.sync.plan, plan.database)]),
    '',
  ].join('\n');
}

/** `crm` for CRM_DATABASE_URL: a database is called as its variable is, as far as that says anything. */
export function databaseName(plan: DatabasePlan): string {
  const from =
    plan.type === 'redshift'
      ? plan.database
      : plan.urlVariable.replace(/_?(DATABASE|DB|URL|URI|DSN)(?=_|$)/gi, '');
  return nameFrom(from, 'source');
}

/** A name for inlet.yaml that is as near to a text as the rules of names allow. */
export function nameFrom(text: string, otherwise: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^[-_]+|[-_]+$/g, '')
    .slice(0, 63);
  return name === '' ? otherwise : name;
}

function databaseLines(plan: DatabasePlan): string[] {
  if (plan.type !== 'redshift') return [`type: ${plan.type}`, `url: "\${${plan.urlVariable}}"`];
  const { region, cluster, workgroup, database } = plan;
  return Object.entries({ type: plan.type, region, cluster, workgroup, database }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${scalar(value)}`],
  );
}

function syncLines(name: string, plan: SyncPlan, database: DatabasePlan): string[] {
  return [
    `  ${scalar(name)}:`,
    `    database: ${databaseName(database)}`,
    `    every: ${plan.every} # from the ${database.type === 'postgres' ? 'start' : 'end'} of one import to the start of the next`,
    `    identifyBy: ${plan.identifyBy} # the column that decides whom a row is about`,
    '    mode: add-and-update # or only add, or only update',
    '    # Every other column becomes an attribute of the person, by its name here.',
    ...plan.remarks.flatMap((remark) => wrapped(remark).map((line) => `    # ${line}`)),
    '    query: |',
    ...plan.query.split('\n').map((line) => `      ${line}`.trimEnd()),
  ];
}

const scalar = (text: string) => stringify(text, { lineWidth: 0 }).trim();

/** Lines of a comment, broken at spaces. */
function wrapped(text: string, width = 100): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
