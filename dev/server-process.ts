import { execa } from 'execa';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, identifyProcess, type Ending, type ProcessIdentity } from './process-identity.js';
import type { Command } from './unprivileged.js';

export interface ServerProcess {
  identity: ProcessIdentity;
  /** Resolves, and never rejects, when the process has ended, with how: `exit code 1`, `signal SIGKILL`. */
  ended: Promise<string>;
  /** Ends it in its own orderly way, or by force if that takes too long; safe to call twice. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** As people call it. */
  name: string;
  command: Command;
  /** Added to our own environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** What it prints is appended here; a file, not a pipe, so that it outlives us if we are killed. */
  logFile: string;
  ending: Ending;
  /** Called as soon as there is a process to end, before it answers. */
  onSpawn?: (server: ServerProcess) => void;
  isReady(process: ProcessIdentity): Promise<boolean>;
  readyWithinMs: number;
}

/**
 * Starts a server in a process group of its own, so that Ctrl-C in our terminal doesn't reach it and we decide in which
 * order things end, and returns once it is ready.
 *
 * @throws Error with the end of its log if it ends, or is not ready in time
 */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const log = await open(options.logFile, 'a', 0o600);
  const { size: logStart } = await log.stat();
  const server = spawnServer(options, log.createWriteStream());
  options.onSpawn?.(server);
  await log.close();
  try {
    await waitUntilReady(server, options);
    return server;
  } catch (cause) {
    await server.stop();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const said = await readEnd(options.logFile, logStart);
    throw new Error(`${options.name} ${reason}. What it said (${options.logFile}):\n${said}`, { cause });
  }
}

async function waitUntilReady(server: ServerProcess, options: ServerOptions): Promise<void> {
  let end: string | undefined;
  void server.ended.then((how) => (end = how));
  const until = Date.now() + options.readyWithinMs;
  while (!(await options.isReady(server.identity))) {
    if (end !== undefined) throw new Error(`ended (${end}) before it answered`);
    if (Date.now() > until) throw new Error(`did not answer within ${options.readyWithinMs / 1000} s`);
    await sleep(50);
  }
}

function spawnServer(options: ServerOptions, log: Writable): ServerProcess {
  const { file, args, ...rights } = options.command;
  const child = execa(file, args, {
    ...rights,
    cwd: options.cwd ?? '/',
    ...(options.env && { env: options.env }),
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    detached: true,
    cleanup: false,
    reject: false,
  });
  const identity = child.pid === undefined ? null : identifyProcess(child.pid);
  if (!identity) throw new Error(`${options.name} could not be started: ${file} can't be run.`);
  const ended = child.then(({ signal, exitCode, shortMessage }) => {
    if (signal !== undefined) return `signal ${signal}`;
    return exitCode === undefined ? (shortMessage ?? 'for an unknown reason') : `exit code ${exitCode}`;
  });
  const stop = async () => {
    await endProcess(identity, options.ending);
    await ended;
  };
  let stopping: Promise<void> | undefined;
  return { identity, ended, stop: () => (stopping ??= stop()) };
}

/** What was written since `from`, of that at most the last 4,000 bytes. */
async function readEnd(file: string, from: number): Promise<string> {
  const content = await readFile(file);
  return content
    .subarray(Math.max(from, content.length - 4000))
    .toString('utf8')
    .trimEnd();
}
