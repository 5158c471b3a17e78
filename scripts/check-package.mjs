import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// npm run package:check [-- --built]: packs (with --built: what is in dist/ already), installs the package into an empty
// directory, and uses it there as its users would: commands, servers, an import, and types.

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'inlet-package-'));
const running = [];
/** What takes this long waits for something that never comes. */
const STUCK_MS = 300_000;

try {
  const tarball = pack();
  lint(tarball);
  const home = install(tarball);
  typesAreThere(home);
  commandsWithoutServers(home);
  await anImport(home);
  nothingIsInTheWay(home);
  console.log('The package is as it should be.');
} finally {
  await Promise.all(running.map(stop));
  rmSync(directory, { recursive: true, force: true });
}

function pack() {
  step('npm pack');
  const built = process.argv.includes('--built') ? ['--ignore-scripts'] : [];
  run('npm', ['pack', '--silent', '--pack-destination', directory, ...built], root);
  const name = readdirSync(directory).find((file) => file.endsWith('.tgz'));
  return join(directory, name);
}

function lint(tarball) {
  step('publint, attw');
  const tool = (name) => join(root, 'node_modules', '.bin', name);
  run(tool('publint'), ['--strict', tarball], root);
  // Inlet is ES modules only: what "require" sees of it is no matter.
  run(tool('attw'), [tarball, '--profile', 'esm-only', '--no-emoji'], root);
}

function install(tarball) {
  step('npm install, in an empty directory');
  const home = join(directory, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "name": "home", "private": true, "type": "module" }\n');
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball], home);
  return home;
}

function typesAreThere(home) {
  step('tsc, on a program that imports it');
  writeFileSync(
    join(home, 'program.ts'),
    readFileSync(join(root, 'docs', 'api.md'), 'utf8').match(/```ts\n(.*?)```/s)[1],
  );
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck'];
  const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
  run(process.execPath, [tsc, ...options, ...types, 'program.ts'], home);
  const names = "import * as inlet from 'inlet-etl'; console.log(Object.keys(inlet).join(' '))";
  const exported = run(process.execPath, ['--input-type=module', '-e', names], home);
  expect(exported, /runWorker/);
}

function commandsWithoutServers(home) {
  step('inlet --version, completion, check --no-connect');
  expect(inlet(home, ['--version']), /^\d+\.\d+\.\d+/);
  expect(inlet(home, ['completion', 'bash']), /complete -F/);
  expect(inlet(home, ['complete', '--', 'prev']), /^preview\t/);
  const sample = join('node_modules', 'inlet-etl', 'examples', 'inlet.yaml');
  expect(inlet(home, ['--config', sample, 'check', '--no-connect']), /: ok/);
}

async function anImport(home) {
  step('inlet dev; then init, check, preview, worker and apply in another directory');
  const demo = join(home, 'demo');
  mkdirSync(demo);
  const dev = start(demo, ['dev']);
  await said(dev, /Ctrl-C stops everything/);
  // A queue of its own: the sample's worker would take its workflows, and not its activities.
  const env = { ...variablesOf(demo), INLET_CONFIG: '', INLET_DEV_POSTGRES_URL: '', INLET_TASK_QUEUE: 'own' };
  const own = join(home, 'own');
  mkdirSync(own);
  inlet(own, ['init', '--yes', '--url-env', 'CRM_DATABASE_URL', '--table', 'customers'], env);
  expect(
    readFileSync(join(own, 'inlet.yaml'), 'utf8'),
    /\$schema=\.\.\/node_modules\/inlet-etl\/inlet\.schema\.json/,
  );
  expect(inlet(own, ['check'], env), /ok +connects/);
  expect(inlet(own, ['preview', 'customers'], env), /100 rows: 100 added/);
  const worker = start(own, ['worker'], env);
  await said(worker, /The worker serves own/);
  expect(inlet(own, ['apply'], env), /^customers {2}created/);
  expect(inlet(own, ['trigger', 'customers', '--wait'], env), /Completed/);
  await stop(worker);
  await stop(dev);
}

function nothingIsInTheWay(home) {
  step("state is in the user's directory");
  const installed = join(home, 'node_modules', 'inlet-etl');
  if (existsSync(join(installed, '.inlet'))) throw new Error('There is state in node_modules.');
  if (!existsSync(join(home, 'demo', '.inlet', 'env')))
    throw new Error('There is no state in the directory of "inlet dev".');
  for (const name of ['tsx', 'vitest', 'typescript-eslint'])
    if (existsSync(join(home, 'node_modules', name))) throw new Error(`${name} came with the package.`);
}

function step(text) {
  console.log(`-- ${text}`);
}

function run(file, args, cwd, env = {}) {
  try {
    return execFileSync(file, args, {
      cwd,
      encoding: 'utf8',
      env: environment(cwd, env),
      stdio: 'pipe',
      timeout: STUCK_MS,
    });
  } catch (error) {
    throw new Error(`${[file, ...args].join(' ')} failed:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

function inlet(cwd, args, env) {
  return run('inlet', args, cwd, env);
}

/** Only what is installed there is on PATH before the machine's. */
function environment(cwd, env) {
  const { PATH, HOME, INLET_TEMPORAL_CLI = '' } = process.env;
  const binaries = ['node_modules', '../node_modules'].map((place) => join(cwd, place, '.bin'));
  return { PATH: [...binaries, PATH].join(delimiter), HOME, INLET_TEMPORAL_CLI, ...env };
}

function start(cwd, args, env = {}) {
  const child = spawn('inlet', args, { cwd, env: environment(cwd, env), stdio: ['ignore', 'pipe', 'pipe'] });
  const started = { child, args, output: '', ended: new Promise((resolve) => child.once('exit', resolve)) };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (started.output += chunk.toString()));
  running.push(started);
  return started;
}

async function said(started, pattern) {
  let ended = false;
  void started.ended.then(() => (ended = true));
  while (!pattern.test(started.output)) {
    if (ended) throw new Error(`inlet ${started.args.join(' ')} ended:\n${started.output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stop({ child, ended }) {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await ended;
}

function variablesOf(demo) {
  const lines = readFileSync(join(demo, '.inlet', 'env'), 'utf8').split('\n');
  return Object.fromEntries(
    lines.flatMap((line) =>
      line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [],
    ),
  );
}

function expect(text, pattern) {
  if (!pattern.test(text)) throw new Error(`This should match ${pattern}:\n${text}`);
}
