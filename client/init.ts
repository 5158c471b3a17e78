import { existsSync } from 'node:fs';
import { access, constants, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { root } from '../dev/state.js';
import { keepVariables } from '../config/environment-file.js';
import { nearestEnvironmentFile, type Environment } from '../config/environment.js';
import { examples, type Run } from './argument.js';
import { exitCodes, failed, wrongUse, type ExitCode } from './exit.js';
import { asking, withoutAsking, type Asker } from './init-asker.js';
import { withDraft, withVariables } from './init-draft.js';
import { databaseName, fileText } from './init-file.js';
import { askDatabase, askSync, askUrl, askWorkspace, type InitOptions, type Steps } from './init-steps.js';
import type { Output } from './output.js';
import type { Session } from './session.js';

interface Options extends InitOptions {
  yes?: boolean;
  force?: boolean;
}

export function addInit(program: Command, run: Run): void {
  const command = program
    .command('init')
    .description('Write an inlet.yaml that works: asks what to read and where, and looks at the table.')
    .option('--yes', 'ask nobody: take the options, and what is proposed')
    .option('--workspace <name>', "the workspace's name (proposed: the directory's)")
    .addOption(
      new Option('--type <type>', 'the kind of database (proposed: postgres)').choices([
        'postgres',
        'redshift',
        'redshift-direct',
      ]),
    )
    .option('--url-env <variable>', 'the environment variable that holds the connection URL')
    .option('--region <region>', 'redshift: the AWS region')
    .option('--workgroup <name>', 'redshift: the workgroup (serverless)')
    .option('--cluster <id>', 'redshift: the cluster (provisioned)')
    .option('--database <name>', 'redshift: the database in it')
    .option('--table <table>', 'the table or view with the people, such as public.customers')
    .addOption(
      new Option('--identify-by <identifier>', 'what decides whom a row is about (proposed: id)').choices([
        'id',
        'email',
      ]),
    )
    .option('--every <interval>', 'how often (proposed: 1h)')
    .option('--force', 'write over a file that is there')
    .action((options: Options) => run((session) => init(session, options)));
  examples(
    command,
    'inlet init',
    'inlet init --yes --url-env CRM_DATABASE_URL --table customers --every 15m',
  );
}

async function init(session: Session, options: Options): Promise<ExitCode> {
  const { environment, givenConfig, out } = session;
  const [target = 'inlet.yaml', ...others] = givenConfig;
  if (others.length > 0) throw wrongUse('"init" writes one file: give --config once.');
  if (options.yes === true) refuseWhatIsMissing(options);
  else if (!process.stdin.isTTY)
    throw wrongUse(`"inlet init" asks, and stdin is not a terminal. ${howWithoutAsking}`);
  const asker =
    options.yes === true
      ? withoutAsking((text, tone) => (tone === 'good' ? out.say(text) : out.warn(text)))
      : await asking(process.stdin, process.stderr);
  return writeFirstFile({ target, options, asker, environment, out, force: options.force === true });
}

const howWithoutAsking =
  'Give what it would ask: inlet init --yes --url-env VARIABLE --table TABLE [--type postgres|redshift|redshift-direct] ' +
  '[--workspace NAME] [--identify-by id|email] [--every 1h]; with --type redshift, instead of --url-env, ' +
  '--workgroup or --cluster, --database and perhaps --region.';

function refuseWhatIsMissing(options: Options): void {
  const isDataApi = options.type === 'redshift';
  const needed = isDataApi
    ? { '--workgroup or --cluster': options.workgroup ?? options.cluster, '--database': options.database }
    : { '--url-env': options.urlEnv };
  const missing = Object.entries({ ...needed, '--table': options.table })
    .filter(([, value]) => value === undefined)
    .map(([flag]) => flag);
  if (missing.length > 0)
    throw wrongUse(`--yes asks nobody, and needs ${missing.join(' and ')}. ${howWithoutAsking}`);
}

export interface FirstFile {
  /** As it was given; relative to the working directory. */
  target: string;
  options: InitOptions;
  asker: Asker;
  environment: Environment;
  out: Output;
  /** Whether a file that is there may be written over. */
  force: boolean;
}

/** Found out before anybody is asked anything. */
async function refuseUnlessWritable(directory: string, target: string): Promise<void> {
  try {
    await access(directory, constants.W_OK);
  } catch (error) {
    throw failed(
      `${target} can't be written: ${directory} is not yours to write to. --config names another place.`,
      error,
    );
  }
  const isDirectory = await stat(target).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isDirectory) throw failed(`${target} is a directory: --config names a file in it.`);
}

/** Asks, looks, and writes; up to then nothing is changed, so that whoever gives up leaves nothing behind. */
export async function writeFirstFile({
  target,
  options,
  asker,
  environment,
  out,
  force,
}: FirstFile): Promise<ExitCode> {
  if (!force && existsSync(target))
    throw failed(`${target} is there already. --force writes over it, --config names another.`);
  const directory = dirname(resolve(target));
  if (existsSync(directory)) await refuseUnlessWritable(directory, target);
  const environmentFile = nearestEnvironmentFile(directory) ?? join(directory, '.inlet', 'env');
  // "inlet dev" writes its own anew with each start.
  const keeps = environment.get('INLET_DEV_POSTGRES_URL') === undefined;
  const steps: Steps = { options, asker, environment, directory, target, keeps, typed: new Map() };
  const workspace = await askWorkspace(steps);
  const database = await askDatabase(steps);
  const sync = await askSync(steps, workspace, database);
  const hasStore = await askUrl(
    steps,
    'INLET_STORE_URL',
    'Connection URL of a PostgreSQL database for Inlet itself (INLET_STORE_URL; may wait: then it stays empty)',
    true,
  );

  const text = fileText({ workspace, database, schema: schemaFrom(directory), sync });
  const complete = withVariables(environment, steps.typed);
  await withDraft({ text, called: target, environment: complete }, (file) => file.syncs.size);
  const kept = keepTyped(environmentFile, steps.typed);
  await mkdir(directory, { recursive: true });
  await writeFile(target, text, { flag: force ? 'w' : 'wx' });

  if (out.json) {
    out.document({
      file: target,
      workspace,
      database: databaseName(database),
      sync: sync.name,
      environmentFile: kept,
    });
  } else {
    out.line(`${target}  written: workspace ${workspace}, sync ${sync.name} every ${sync.plan.every}`);
  }
  if (kept !== null)
    out.say(
      `${kept} holds what you typed (${[...steps.typed.keys()].join(', ')}), for you alone. Keep it out of git.`,
    );
  sayWhatIsNext(out, { target, sync: sync.name, environment: complete, hasStore });
  return exitCodes.fine;
}

/** @returns the file that the credentials went to; null if there were none */
function keepTyped(path: string, typed: Map<string, string>): string | null {
  if (typed.size === 0) return null;
  keepVariables(path, Object.fromEntries(typed));
  return relative(process.cwd(), path);
}

/** Only where it will be at the same place for others: in the package, as npm installs it, or in a checkout. */
function schemaFrom(directory: string): string | undefined {
  const path = relative(directory, join(root, 'inlet.schema.json'));
  return /^(\.\.\/)*node_modules\/inlet-etl\/|^inlet\.schema\.json$/.test(path) ? path : undefined;
}

interface Next {
  target: string;
  sync: string;
  environment: Environment;
  hasStore: boolean;
}

function sayWhatIsNext(out: Output, { target, sync, environment, hasStore }: Next): void {
  const found = resolve(environment.get('INLET_CONFIG') ?? 'inlet.yaml') === resolve(target);
  const inlet = `npx inlet${found ? '' : ` --config ${target}`}`;
  const address = environment.get('TEMPORAL_ADDRESS') ?? 'localhost:7233';
  const commands = [
    [`${inlet} preview ${sync}`, 'what would become of its first 100 rows; nothing is written'],
    [`${inlet} worker`, `does the work, with Temporal at ${address} (TEMPORAL_ADDRESS)`],
    [`${inlet} apply`, 'starts the sync, in another terminal'],
  ];
  if (!hasStore) out.say('\nFirst set INLET_STORE_URL: the URL of a PostgreSQL database for Inlet itself.');
  const width = Math.max(...commands.map(([command = '']) => command.length));
  out.say(
    ['', 'Next:', ...commands.map(([command = '', what = '']) => `  ${command.padEnd(width)}  ${what}`)].join(
      '\n',
    ),
  );
}
