import { Connection } from '@temporalio/client';
import { choosePort, type WantedPort } from './port.js';
import { ending } from './process-table.js';
import { startServer, type ServerProcess } from './server-process.js';

export interface TemporalOptions {
  /** The Temporal CLI. */
  cli: string;
  databaseFile: string;
  port?: WantedPort;
  /** Without it there is no UI. */
  uiPort?: WantedPort;
  /** For one run of tests: what it holds need not survive the machine. */
  throwAway?: boolean;
  logFile: string;
  /** Called as soon as there is a process to end, before it answers. */
  onSpawn?: (server: ServerProcess) => void;
}

export interface TemporalServer extends ServerProcess {
  /** host:port for clients and workers. */
  address: string;
  port: number;
  /** Null if it was started without. */
  ui: { port: number; url: string } | null;
}

/**
 * Starts the Temporal CLI's dev server on 127.0.0.1 and returns once its namespace `default` can be used.
 *
 * @throws Error with the end of the server's own log where it did not start
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const host = '127.0.0.1';
  const port = await choosePort(options.port);
  const uiPort = options.uiPort && (await choosePort(options.uiPort));
  const address = `${host}:${port}`;
  const server = await startServer({
    name: 'Temporal',
    command: {
      file: options.cli,
      args: [
        ...['server', 'start-dev', '--ip', host, '--port', String(port)],
        ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
        ...['--db-filename', options.databaseFile],
        // With a write-ahead log the server is two to three times as fast (https://sqlite.org/wal.html).
        ...['--sqlite-pragma', 'journal_mode=WAL'],
        ...['--sqlite-pragma', `synchronous=${options.throwAway ? 'OFF' : 'NORMAL'}`],
        ...['--log-level', 'warn', '--log-format', 'pretty'],
      ],
    },
    logFile: options.logFile,
    ending: ending.Temporal,
    ...(options.onSpawn && { onSpawn: options.onSpawn }),
    isReady: () => answers(address),
    readyWithinMs: 60_000,
  });
  return {
    ...server,
    address,
    port,
    ui: uiPort === undefined ? null : { port: uiPort, url: `http://${host}:${uiPort}` },
  };
}

async function answers(address: string): Promise<boolean> {
  let connection;
  try {
    connection = await Connection.connect({ address, connectTimeout: '1s' });
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}
