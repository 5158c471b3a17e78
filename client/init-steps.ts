import { basename } from 'node:path';
import { resolvedUrlProblem } from '../config/connection-url.js';
import { durationBetween } from '../config/duration.js';
import type { Environment } from '../config/environment.js';
import { namePattern, nameRule } from '../config/schema/values.js';
import type { Identifier } from '../config/sync-definition.js';
import { openSource } from '../sources/open-source.js';
import { SourceError } from '../sources/source-error.js';
import type { Source } from '../sources/source.js';
import { checkColumns } from '../store/column-rules.js';
import { failed, wrongUse } from './exit.js';
import { sourceSentence } from './explain-error.js';
import type { Asker } from './init-asker.js';
import { withDraft, withVariables } from './init-draft.js';
import { databaseName, fileText, nameFrom, type DatabasePlan, type SyncPlan } from './init-file.js';
import { proposeQuery, rolesOf, type ColumnRoles, type SourceType } from './init-query.js';
import { columnsOf, tablesOf, whyUnreachable } from './init-source.js';

/** What the command line gave; the rest is asked. */
export interface InitOptions {
  workspace?: string;
  type?: SourceType;
  urlEnv?: string;
  region?: string;
  cluster?: string;
  workgroup?: string;
  database?: string;
  table?: string;
  identifyBy?: Identifier;
  every?: string;
}

export interface Steps {
  options: InitOptions;
  asker: Asker;
  environment: Environment;
  /** Of the new file. */
  directory: string;
  /** Where the file will be, as the user gave it. */
  target: string;
  /** False where `.inlet/env` is that of "inlet dev", which would forget what others put there. */
  keeps: boolean;
  /** Credentials that were typed in, to be written to `.inlet/env`. */
  typed: Map<string, string>;
}

export async function askWorkspace({ options, asker, directory }: Steps): Promise<string> {
  const problemWith = (answer: string) =>
    new RegExp(namePattern).test(answer) ? undefined : `It ${nameRule}.`;
  const proposed = nameFrom(basename(directory), 'workspace');
  return given('--workspace', options.workspace, problemWith, () =>
    asker.text({ message: 'What is the workspace called?', flag: '--workspace', proposed, problemWith }),
  );
}

export async function askDatabase(steps: Steps): Promise<DatabasePlan> {
  const { options, asker, environment } = steps;
  const type =
    options.type ??
    (await asker.choose<SourceType>({
      message: 'Where do the rows come from?',
      flag: '--type',
      proposed: 'postgres',
      choices: [
        { value: 'postgres', label: 'PostgreSQL' },
        { value: 'redshift', label: 'Amazon Redshift', hint: 'through its Data API, with AWS credentials' },
        { value: 'redshift-direct', label: 'Amazon Redshift', hint: 'connected to directly, by a URL' },
      ],
    }));
  if (type === 'redshift') return askRedshift(steps);
  const problemWith = (answer: string) =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(answer)
      ? undefined
      : 'It must be letters, digits and "_", such as CRM_DATABASE_URL.';
  const set = ['CRM_DATABASE_URL', 'DATABASE_URL'].find((name) => environment.get(name) !== undefined);
  const urlVariable = await given('--url-env', options.urlEnv, problemWith, () =>
    asker.text({
      message: 'Which environment variable holds its connection URL?',
      flag: '--url-env',
      proposed: set ?? 'CRM_DATABASE_URL',
      problemWith,
    }),
  );
  return { type, urlVariable };
}

async function askRedshift({ options, asker }: Steps): Promise<DatabasePlan> {
  const problemWith = (answer: string) => (answer.trim() === '' ? 'It must not be blank.' : undefined);
  const ask = (message: string, flag: string) => asker.text({ message, flag, problemWith });
  const { cluster } = options;
  const region =
    options.region ??
    (await asker.text({
      message: 'In which AWS region? (may stay empty where AWS_REGION or a profile says it)',
      flag: '--region',
      proposed: '',
      problemWith: () => undefined,
    }));
  const workgroup =
    options.workgroup ??
    (cluster === undefined
      ? await ask('Which workgroup (Redshift Serverless)?', '--workgroup or --cluster')
      : undefined);
  const database = options.database ?? (await ask('Which database in it?', '--database'));
  return {
    type: 'redshift',
    ...(region.trim() !== '' && { region: region.trim() }),
    ...(cluster !== undefined ? { cluster } : { workgroup: workgroup ?? '' }),
    database,
  };
}

/** Asks for a credential that is in no variable yet. @returns false where it stays unknown */
export async function askUrl(
  steps: Steps,
  name: string,
  message: string,
  mayBeEmpty = false,
): Promise<boolean> {
  if (steps.environment.get(name) !== undefined) return true;
  if (!steps.keeps) return false;
  const problemWith = (answer: string) => {
    const problem = answer.trim() === '' && mayBeEmpty ? undefined : resolvedUrlProblem(answer.trim());
    return problem === undefined ? undefined : `It ${problem}.`;
  };
  const url = (await steps.asker.secret({ message, problemWith }))?.trim() ?? '';
  if (url !== '') steps.typed.set(name, url);
  return url !== '';
}

/** Connects, and looks at a table; where a URL that was typed does not lead there, it is asked for again. */
export async function askSync(
  steps: Steps,
  workspace: string,
  database: DatabasePlan,
): Promise<{ name: string; plan: SyncPlan }> {
  const { asker, environment, target, typed } = steps;
  const url = database.type === 'redshift' ? undefined : database.urlVariable;
  for (;;) {
    if (
      url !== undefined &&
      !(await askUrl(steps, url, `Its connection URL, as ${url} is not set (it goes to .inlet/env)`))
    )
      throw wrongUse(
        `The environment variable ${url} is not set or is empty. Set it in the environment or in .inlet/env.`,
      );
    const draft = {
      text: fileText({ workspace, database, schema: undefined }),
      called: target,
      environment: withVariables(environment, typed),
    };
    const connection = await withDraft(draft, (file) =>
      file.databases.get(databaseName(database))?.resolve(),
    );
    if (connection === undefined) throw new Error('The draft has no database.');
    const source = openSource(connection);
    try {
      const { findings, problem } = await whyUnreachable(source);
      if (problem !== undefined) {
        if (url === undefined || !typed.has(url))
          throw failed(`${databaseName(database)}: ${problem} Nothing was written.`);
        asker.tell(problem, 'bad');
        typed.delete(url);
        continue;
      }
      for (const { level, subject, message } of findings)
        if (level === 'warning' || subject === 'connects')
          asker.tell(`${subject}: ${message}`, level === 'warning' ? 'warning' : 'good');
      return await askTable(steps, source, database.type);
    } catch (error) {
      throw error instanceof SourceError
        ? failed(`${sourceSentence(error, true)} Nothing was written.`, error)
        : error;
    } finally {
      await source.close().catch(() => undefined);
    }
  }
}

async function askTable(
  steps: Steps,
  source: Source,
  type: SourceType,
): Promise<{ name: string; plan: SyncPlan }> {
  const { options, asker } = steps;
  const table = options.table ?? (await chooseTable(asker, source));
  const columns = await columnsOf(source, table);
  const roles = rolesOf(columns);
  const { id, email } = roles.identifiers;
  if (id === undefined && email === undefined && columns.length > 0)
    roles.identifiers.id = await asker.choose({
      message: `No column of ${table} is called like an id or an email. Which one is the id of a person?`,
      flag: 'a --table that has a column id or email (a view can rename one)',
      choices: roles.attributes.map((value) => ({ value })),
    });
  const identifyBy = await askIdentifier(steps, table, roles);
  roles.attributes = roles.attributes.filter((name) => name !== roles.identifiers.id);
  const every = await askInterval(steps);
  const proposed = proposeQuery(table, roles, type);
  const described = await source.describe(proposed.query, AbortSignal.timeout(60_000));
  const { problems } = checkColumns(
    { kind: 'people', identifyBy },
    { identifiers: ['id', 'email'] },
    described,
  );
  if (problems.length > 0) throw failed(`${problems.join('\n')} Nothing was written.`);
  const name = nameFrom((table.split('.').at(-1) ?? table).replaceAll('"', ''), 'people');
  return { name, plan: { ...proposed, identifyBy, every } };
}

async function chooseTable(asker: Asker, source: Source): Promise<string> {
  const flag = '--table';
  const tables = await tablesOf(source).catch((error: unknown) => {
    if (error instanceof SourceError) return [];
    throw error;
  });
  if (tables.length > 0)
    return asker.choose({
      message: 'Which table or view has the people?',
      flag,
      choices: tables.map((value) => ({ value })),
    });
  const problemWith = (answer: string) => (answer.trim() === '' ? 'It must not be blank.' : undefined);
  return asker.text({ message: 'Which table or view has the people? (schema.table)', flag, problemWith });
}

async function askIdentifier(
  { options, asker }: Steps,
  table: string,
  roles: ColumnRoles,
): Promise<Identifier> {
  const found = (['id', 'email'] as const).filter((each) => roles.identifiers[each] !== undefined);
  const asked = options.identifyBy;
  if (asked !== undefined && !found.includes(asked))
    throw wrongUse(`No column of ${table} is called like an ${asked}. A view can rename one.`);
  const [first, second] = found;
  if (asked !== undefined || first === undefined || second === undefined) return asked ?? first ?? 'id';
  return asker.choose({
    message: 'Which column decides whom a row is about?',
    flag: '--identify-by',
    proposed: 'id',
    choices: found.map((value) => ({ value, label: roles.identifiers[value] ?? value })),
  });
}

async function askInterval({ options, asker }: Steps): Promise<string> {
  const schema = durationBetween('1m', '3650d');
  const problemWith = (answer: string) => {
    const [issue] = schema.safeParse(answer).error?.issues ?? [];
    return issue && `It ${issue.message}.`;
  };
  return given('--every', options.every, problemWith, () =>
    asker.text({ message: 'How often?', flag: '--every', proposed: '1h', problemWith }),
  );
}

async function given(
  flag: string,
  option: string | undefined,
  problemWith: (answer: string) => string | undefined,
  ask: () => Promise<string>,
): Promise<string> {
  const problem = option === undefined ? undefined : problemWith(option);
  if (problem !== undefined) throw wrongUse(`${flag}: ${problem}`);
  return option ?? (await ask());
}
