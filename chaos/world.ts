import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import type { ServerProcess } from '../dev/server-process.js';
import type { ProcessIdentity } from '../dev/process-identity.js';
import { program } from '../dev/state.js';
import { startOwnTemporal } from '../test/support/own-temporal.js';
import { tcpProxy, type TcpProxy } from '../test/support/tcp-proxy.js';
import { installAudit } from './audit.js';
import { openDatabase, type Database } from './database.js';
import { openDisk, type Disk } from './disk.js';
import { note } from './leftovers.js';
import { createSource, workspaceFile } from './reference-data.js';
import { environmentOf, startWorker, type Worker, type WorkerPlace } from './worker.js';

/** A workspace with its worker's place, and the store that it is kept in. */
export interface Workspace {
  name: string;
  store: Database;
  place: WorkerPlace;
  /** Runs the command line on it; nothing stands in between. */
  inlet(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

/**
 * Everything that can break: a source, a Temporal server, a workspace with its store and workers; and beside it a
 * workspace that takes the same rows from the same source, with a store and a worker that nothing is done to.
 */
export interface World {
  source: Database;
  disk: Disk;
  chaos: Workspace;
  reference: Workspace;
  /** Of the chaos workspace: one, unless a fault wants two. */
  workers: Worker[];
  /** Starts one more. */
  addWorker(clockOffBy?: number): Promise<Worker>;
  /** To Temporal, past the gate. */
  client: Client;
  temporal: {
    gate: TcpProxy;
    pid(): number;
    /** Kills it with SIGKILL and starts it again on its database file and port. */
    killAndRestart(): Promise<string>;
  };
  close(): Promise<void>;
}

/** @param directory an empty one; @param say is told what takes time */
export async function createWorld(directory: string, say: (line: string) => void): Promise<World> {
  await chmod(directory, 0o755); // PostgreSQL may have to enter it as somebody else.
  const onSpawn = ({ identity }: ServerProcess) => note(directory, identity);
  const noteWorker = (started: ProcessIdentity) => note(directory, started);
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.toReversed()) await step().catch((error: unknown) => say(`! ${String(error)}`));
  };
  try {
    say('Starting three PostgreSQL, a Temporal server and two workers …');
    const disk = await openDisk(join(directory, 'store'));
    undo.push(() => disk.close());
    // Small and often, so that the disk that is filled up holds tables and not only write-ahead log.
    const smallLog = { max_wal_size: '128MB', min_wal_size: '32MB' };
    const source = await openDatabase(join(directory, 'source'), onSpawn);
    undo.push(() => source.stop());
    const store = await openDatabase(join(directory, 'store'), onSpawn, smallLog);
    undo.push(() => store.stop());
    const untouched = await openDatabase(join(directory, 'reference'), onSpawn);
    undo.push(() => untouched.stop());
    await createSource(source.pool);

    let server = await startOwnTemporal(directory, undefined, onSpawn);
    undo.push(() => server.stop());
    const gate = await tcpProxy(`tcp://${server.address}`);
    undo.push(() => gate.down());
    const connection = await Connection.connect({ address: server.address });
    undo.push(() => connection.close());
    const killAndRestart = async () => {
      process.kill(server.identity.pid, 'SIGKILL');
      const how = await server.ended;
      server = await startOwnTemporal(directory, server.port, onSpawn);
      return how;
    };

    const at = { sourceUrl: source.url, temporalAddress: server.address };
    const reference = await openWorkspace(
      directory,
      'reference',
      { ...at, storeUrl: untouched.url },
      untouched,
    );
    const chaos = await openWorkspace(
      directory,
      'chaos',
      { ...at, storeUrl: store.url, temporalAddress: new URL(gate.url).host },
      store,
      server.address,
    );
    const workers: Worker[] = [];
    let started = 0;
    const addWorker = async (clockOffBy = 0) => {
      started += 1;
      const worker = await startWorker(chaos.place, `worker-${started}`, noteWorker, clockOffBy);
      workers.push(worker);
      return worker;
    };
    undo.push(() => Promise.all(workers.map((worker) => worker.stop())));
    const untouchedWorker = await startWorker(reference.place, 'worker', noteWorker);
    undo.push(() => untouchedWorker.stop());
    await addWorker();
    await installAudit(store.pool);
    return {
      source,
      disk,
      chaos,
      reference,
      workers,
      addWorker,
      client: new Client({ connection }),
      temporal: { gate, pid: () => server.identity.pid, killAndRestart },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param commandsTo the Temporal server as commands reach it */
async function openWorkspace(
  parent: string,
  name: string,
  at: Pick<WorkerPlace, 'sourceUrl' | 'storeUrl' | 'temporalAddress'>,
  store: Database,
  commandsTo = at.temporalAddress,
): Promise<Workspace> {
  const directory = join(parent, `workspace-${name}`);
  await mkdir(directory);
  await writeFile(join(directory, 'inlet.yaml'), workspaceFile(name));
  const place = { ...at, directory, taskQueue: `inlet-${name}` };
  const env = environmentOf({ ...place, temporalAddress: commandsTo });
  return {
    name,
    store,
    place,
    async inlet(...words) {
      const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...words], {
        cwd: directory,
        env,
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      });
      return { code: exitCode ?? -1, stdout, stderr };
    },
  };
}
