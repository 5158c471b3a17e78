import { rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../config/environment.js';
import { accountUrl, readPasswords, writeEnvironment, type Passwords } from './credentials.js';
import { prepareDatabases } from './databases.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';
import { doubleCredentials, startRedshiftDouble } from './redshift-double.js';
import { redshiftFile, sampleFile } from './sample.js';
import type { Screen } from './screen.js';
import type { State } from './state.js';
import type { Supervisor } from './supervisor.js';
import { findTemporalCli } from './temporal-cli.js';
import { startTemporal, type TemporalServer } from './temporal-server.js';
import { startWorker } from './worker-process.js';

interface Starting {
  withRedshift: boolean;
  environment: Environment;
  state: State;
  supervisor: Supervisor;
  screen: Screen;
  signal: AbortSignal;
}

export interface Running {
  /** What commands find in `.inlet/env`, and nothing else. */
  environment: Environment;
  /** The workspaces' files. */
  files: string[];
  crmOwnerUrl: string;
  temporalUi: string;
}

/** Those that people know; PostgreSQL's own is likely to be somebody's already. */
const ports = { postgres: 5532, temporal: 7233, temporalUi: 8233 };

/** What would send our worker to another Temporal than ours. */
const forgotten = { TEMPORAL_PROFILE: '', TEMPORAL_API_KEY: '', TEMPORAL_TLS: '', INLET_TASK_QUEUE: '' };

/** Starts PostgreSQL, Temporal and a worker, and makes the sample where it isn't there yet. */
export async function startEverything(starting: Starting): Promise<Running> {
  const { state, screen, supervisor, signal } = starting;
  for (const name of ['postgres', 'temporal', 'redshift', 'worker']) await setAside(logFile(state, name));

  const { passwords, isNew } = await readPasswords(state.env);
  const gaveUp = new AbortController();
  const [postgres, temporal] = await Promise.all([
    runPostgres(starting, passwords, isNew),
    runTemporal({ ...starting, signal: AbortSignal.any([signal, gaveUp.signal]) }),
  ]).catch((error: unknown) => {
    // Nobody waits any more for a CLI that is being built.
    gaveUp.abort();
    throw error;
  });

  const crmOwnerUrl = accountUrl('CRM_OWNER_URL', passwords, postgres.port);
  const crmUrl = accountUrl('CRM_DATABASE_URL', passwords, postgres.port);
  const redshift = starting.withRedshift ? await runRedshiftDouble(starting, crmUrl) : undefined;
  const variables = {
    INLET_STORE_URL: accountUrl('INLET_STORE_URL', passwords, postgres.port),
    CRM_DATABASE_URL: crmUrl,
    CRM_OWNER_URL: crmOwnerUrl,
    INLET_DEV_POSTGRES_URL: postgres.url,
    INLET_CONFIG: sampleFile,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: 'default',
    // Instead of the user's own temporal.toml, which may be for another server.
    TEMPORAL_CONFIG_FILE: state.temporalConfig,
    ...redshift,
  };
  await writeFile(state.temporalConfig, '[profile.default]\n');
  await writeEnvironment(state.env, variables);

  screen.doing('worker', 'starting the worker');
  const files = redshift === undefined ? [sampleFile] : [sampleFile, redshiftFile];
  const env = { ...variables, ...forgotten, ...(redshift && doubleCredentials) };
  const worker = { files, env, temporalAddress: temporal.address, logFile: logFile(state, 'worker') };
  const run = (onSpawn: Parameters<typeof startWorker>[0]['onSpawn']) => startWorker({ ...worker, onSpawn });
  await supervisor.run('worker', run, () => run);
  screen.done('worker', 'a worker');

  return { environment: only(variables), files, crmOwnerUrl, temporalUi: temporal.ui.url };
}

async function runPostgres(
  { state, supervisor, screen }: Starting,
  passwords: Passwords,
  passwordIsNew: boolean,
): Promise<PostgresServer> {
  screen.doing('postgres', 'starting PostgreSQL');
  const options = {
    directory: state.postgres,
    password: passwords.INLET_DEV_POSTGRES_URL,
    passwordIsNew,
    logFile: logFile(state, 'postgres'),
  };
  const server = await supervisor.run(
    'PostgreSQL',
    (onSpawn) =>
      startPostgres({ ...options, port: { number: ports.postgres, ifTaken: 'take another' }, onSpawn }),
    ({ port }) =>
      (onSpawn) =>
        startPostgres({
          ...options,
          passwordIsNew: false,
          port: { number: port, ifTaken: 'insist' },
          onSpawn,
        }),
  );
  screen.done('postgres', `PostgreSQL on 127.0.0.1:${server.port}${instead(server.port, ports.postgres)}`);
  screen.doing('postgres', 'making the sample CRM');
  await prepareDatabases(passwords, server.port);
  screen.done('postgres', 'a sample CRM with 10,000 customers, 500 companies and 600 leads');
  return server;
}

/** @returns what its workspace's file asks for */
async function runRedshiftDouble(
  { state, supervisor, screen }: Starting,
  databaseUrl: string,
): Promise<{ REDSHIFT_ENDPOINT: string }> {
  screen.doing('redshift', "starting Redshift's stand-in");
  const options = { databaseUrl, logFile: logFile(state, 'redshift') };
  const { endpoint } = await supervisor.run(
    "Redshift's stand-in",
    (onSpawn) => startRedshiftDouble({ ...options, onSpawn }),
    ({ port }) =>
      (onSpawn) =>
        startRedshiftDouble({ ...options, port, onSpawn }),
  );
  screen.done(
    'redshift',
    `a stand-in for the Redshift Data API on ${endpoint}: not Amazon's, its SQL runs on the sample CRM`,
  );
  return { REDSHIFT_ENDPOINT: endpoint };
}

async function runTemporal({
  environment,
  state,
  supervisor,
  screen,
  signal,
}: Starting): Promise<TemporalServer & { ui: { port: number; url: string } }> {
  screen.doing('temporal', 'starting Temporal');
  const cli = await findTemporalCli({
    configured: environment.get('INLET_TEMPORAL_CLI'),
    searchPath: environment.get('PATH'),
    directory: state.bin,
    onProgress: (doing) => screen.doing('temporal', doing),
    signal,
  });
  screen.doing('temporal', 'starting Temporal');
  const options = { cli, databaseFile: state.temporalDatabase, logFile: logFile(state, 'temporal') };
  const server = await supervisor.run(
    'Temporal',
    (onSpawn) =>
      startTemporal({
        ...options,
        port: { number: ports.temporal, ifTaken: 'take another' },
        uiPort: { number: ports.temporalUi, ifTaken: 'take another' },
        onSpawn,
      }),
    ({ port, ui }) =>
      (onSpawn) =>
        startTemporal({
          ...options,
          port: { number: port, ifTaken: 'insist' },
          uiPort: { number: ui?.port ?? ports.temporalUi, ifTaken: 'insist' },
          onSpawn,
        }),
  );
  const ui = server.ui ?? { port: 0, url: '' };
  screen.done(
    'temporal',
    `Temporal on ${server.address}${instead(server.port, ports.temporal)}, its UI on ${ui.url}${instead(ui.port, ports.temporalUi)}`,
  );
  return { ...server, ui };
}

const instead = (port: number, wanted: number) => (port === wanted ? '' : ` (port ${wanted} is taken)`);

const logFile = (state: State, name: string) => join(state.logs, `${name}.log`);

/** A log that has grown long is kept once more, under another name. */
async function setAside(file: string): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > 10_000_000) await rename(file, `${file}.old`);
}

function only(variables: Record<string, string>): Environment {
  return {
    get: (name) => variables[name],
    source: null,
    path: null,
    toObject: () => ({ ...variables }),
  };
}
