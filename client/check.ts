import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { resolveDatabase, type DatabaseConnection, type WorkspaceFile } from '../config/workspace-file.js';
import { queriesOf } from '../config/sync-definition.js';
import { openSource } from '../sources/open-source.js';
import { quotedPlaceholders } from '../sources/quoted-placeholders.js';
import type { Finding } from '../sources/source.js';
import { examples, type Run } from './argument.js';
import { exitCodes, wrongUse, type ExitCode } from './exit.js';
import type { Output, Tone } from './output.js';
import type { Session } from './session.js';
import { unknownName } from './unknown-name.js';
import { visible } from './visible-text.js';

const patienceMs = 60_000;

interface Checked {
  database: string;
  findings: Finding[];
}

const tones: Record<Finding['level'], Tone> = { ok: 'good', warning: 'warning', problem: 'bad' };

export function addCheck(program: Command, run: Run): void {
  const command = program
    .command('check')
    .argument('[database]', 'a database of the file; all of them unless named')
    .description(
      'Check the file, and prove what can be proved of its databases: TLS, version, read-only user.',
    )
    .action((name: string | undefined) => run((session) => check(session, name)));
  examples(command, 'inlet check', 'inlet check crm');
}

async function check(session: Session, name: string | undefined): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const { connections, unresolved } = resolveAll(file, select(file, name));
  const checks = connections.map(async (connection) => ({
    database: connection.name,
    findings: await findings(connection),
  }));

  const checked: Checked[] = [];
  for (const pending of checks) {
    const each = await pending;
    checked.push(each);
    if (!out.json) show(out, each);
  }
  const warnings = queryWarnings(file, name);
  for (const warning of warnings) out.warn(warning);
  if (out.json) {
    out.document({
      file: file.path,
      warnings,
      databases: checked.map((each) => ({
        database: each.database,
        findings: each.findings.map(({ level, subject, message }) => ({ level, subject, message })),
      })),
    });
  }
  if (unresolved.length > 0) throw new ConfigError(unresolved.flatMap(({ problems }) => problems));
  const bad = checked.some((each) => each.findings.some(({ level }) => level === 'problem'));
  return bad ? exitCodes.failed : exitCodes.fine;
}

/** What the queries that read from these databases say without being run. */
function queryWarnings(file: WorkspaceFile, database: string | undefined): string[] {
  return [...file.syncs.values()]
    .filter((definition) => database === undefined || definition.database === database)
    .flatMap((definition) =>
      queriesOf(definition).flatMap(({ text }) =>
        quotedPlaceholders(text).map((warning) => `${definition.sync}: ${warning}`),
      ),
    );
}

function select(file: WorkspaceFile, name: string | undefined): string[] {
  if (name === undefined) return [...file.databases.keys()];
  if (!file.databases.has(name))
    throw wrongUse(unknownName('database', name, file.path, file.databases.keys()));
  return [name];
}

/** A variable that is missing for one database does not keep the others from being checked. */
function resolveAll(file: WorkspaceFile, names: string[]) {
  const connections: DatabaseConnection[] = [];
  const unresolved: ConfigError[] = [];
  for (const name of names) {
    try {
      connections.push(resolveDatabase(file, name));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      unresolved.push(error);
    }
  }
  return { connections, unresolved };
}

async function findings(connection: DatabaseConnection): Promise<Finding[]> {
  const source = openSource(connection);
  try {
    return await source.check(AbortSignal.timeout(patienceMs));
  } finally {
    await source.close();
  }
}

function show(out: Output, { database, findings: found }: Checked): void {
  out.line(visible(database));
  for (const { level, subject, message } of found) {
    out.line(`  ${out.paint(level.padEnd(7), tones[level])}  ${visible(subject)}: ${visible(message)}`);
  }
}
