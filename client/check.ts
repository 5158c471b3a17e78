import { Option, type Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { version } from '../config/version.js';
import type { WorkspaceFile } from '../config/workspace-file.js';
import type { Finding } from '../sources/source.js';
import { examples, type Run } from './argument.js';
import { checkFile, type CheckedDatabase, type CheckedFile } from './check-files.js';
import { githubAnnotation } from './check-github.js';
import { exitCodes, wrongUse, type ExitCode } from './exit.js';
import type { Output, Tone } from './output.js';
import type { Session } from './session.js';
import { unknownName } from './unknown-name.js';
import { visible } from './visible-text.js';

const formats = ['text', 'json', 'github', 'sarif'] as const;
type Format = (typeof formats)[number];

interface Options {
  connect: boolean;
  format?: Format;
}

const tones: Record<Finding['level'], Tone> = { ok: 'good', warning: 'warning', problem: 'bad' };

export function addCheck(program: Command, run: Run): void {
  const command = program
    .command('check')
    .argument('[database]', 'a database of the file; all of them unless named')
    .description(
      'Check the file, and prove what can be proved of its databases: TLS, version, read-only user.',
    )
    .option(
      '--no-connect',
      "the files alone: needs neither databases nor their variables, as in a repository's CI",
    )
    .addOption(new Option('--format <format>', 'how it is said (default: text)').choices(formats))
    .action((name: string | undefined, options: Options) => run((session) => check(session, name, options)));
  examples(
    command,
    'inlet check',
    'inlet check crm',
    'inlet check --no-connect --format github --config acme.yaml --config globex.yaml',
  );
}

async function check(
  session: Session,
  name: string | undefined,
  { connect, format: asked }: Options,
): Promise<ExitCode> {
  const { configPaths, environment, out } = session;
  if (out.json && asked !== undefined && asked !== 'json')
    throw wrongUse(`--json and --format ${asked} are two formats: give one of them.`);
  if (name !== undefined && !connect)
    throw wrongUse(`--no-connect asks no database, so "${name}" has no meaning here. Leave one of them out.`);
  if (name !== undefined && configPaths.length > 1)
    throw wrongUse(`"${name}" is a database of one file: give --config once.`);
  const format = out.json ? 'json' : (asked ?? 'text');

  const checked: CheckedFile[] = [];
  for (const path of configPaths) {
    if (format === 'text' && configPaths.length > 1 && connect) out.line(visible(path));
    const file = await checkFile(path, {
      environment,
      select: (loaded) => (connect ? select(loaded, name) : []),
      onDatabase: (database) => {
        if (format === 'text') show(out, database);
      },
    });
    checked.push(file);
    if (format === 'text' && !connect) showFile(out, file);
  }
  await report(session, format, checked);
  const errors = checked.flatMap(({ problems }) => problems).filter(({ level }) => level === 'error');
  if (errors.some(({ rule }) => rule === 'configuration')) return exitCodes.wrongUse;
  return errors.length > 0 ? exitCodes.failed : exitCodes.fine;
}

function select(file: WorkspaceFile, name: string | undefined): string[] {
  if (name === undefined) return [...file.databases.keys()];
  if (!file.databases.has(name))
    throw wrongUse(unknownName('database', name, file.path, file.databases.keys()));
  return [name];
}

/** What is data goes to stdout in its format; people are told on stderr, unless GitHub shows them the lines. */
async function report({ out, environment }: Session, format: Format, checked: CheckedFile[]): Promise<void> {
  const problems = checked.flatMap((file) => file.problems);
  const root = environment.get('GITHUB_WORKSPACE') ?? process.cwd();
  if (format === 'github') {
    for (const problem of problems) out.line(githubAnnotation(problem, root));
    return;
  }
  if (format === 'sarif') {
    const { sarifLog } = await import('./check-sarif.js');
    out.line(JSON.stringify(sarifLog(problems, version(), root), null, 2));
  }
  if (format === 'json') {
    out.document({
      files: checked.map(({ path }) => path),
      problems: problems.map(({ level, rule, file, line, column, message }) => ({
        level,
        rule,
        file,
        line: line ?? null,
        column: column ?? null,
        message,
      })),
      databases: checked.flatMap(({ databases }) =>
        databases.map(({ file, database, findings }) => ({
          file,
          database,
          findings: findings.map(({ level, subject, message }) => ({ level, subject, message })),
        })),
      ),
    });
  }
  for (const { message } of problems.filter(({ rule }) => rule === 'query')) out.warn(message);
  const ofFiles = problems.filter(({ rule }) => rule === 'configuration');
  if (ofFiles.length > 0) out.say(new ConfigError(ofFiles).message);
}

function show(out: Output, { database, findings }: CheckedDatabase): void {
  out.line(visible(database));
  for (const { level, subject, message } of findings) {
    out.line(`  ${out.paint(level.padEnd(7), tones[level])}  ${visible(subject)}: ${visible(message)}`);
  }
}

/** One line for a file whose databases are not asked. */
function showFile(out: Output, { path, file, problems }: CheckedFile): void {
  const errors = problems.filter(({ level }) => level === 'error').length;
  const verdict =
    file === undefined || errors > 0
      ? out.paint(counted(errors, 'problem'), 'bad')
      : `${out.paint('ok', 'good')}, ${counted(file.databases.size, 'database')} and ${counted(file.syncs.size, 'sync')}, nothing connected to`;
  out.line(`${visible(path)}: ${verdict}`);
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
