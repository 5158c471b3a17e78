import { connect } from 'node:net';
import { join } from 'node:path';
import { choosePort } from './port.js';
import { ending } from './process-table.js';
import { startServer, type ServerProcess } from './server-process.js';
import { isCheckout, root } from './state.js';

export interface RedshiftDouble extends ServerProcess {
  port: number;
  endpoint: string;
}

export interface RedshiftDoubleOptions {
  /** Runs the SQL, in Redshift's place. */
  databaseUrl: string;
  /** Any free one unless told. */
  port?: number;
  logFile: string;
  onSpawn?: (server: ServerProcess) => void;
}

/** What Amazon's client must find to sign anything; the double checks nothing of it. Nobody's own goes there. */
export const doubleCredentials = {
  AWS_ACCESS_KEY_ID: 'stand-in',
  AWS_SECRET_ACCESS_KEY: 'stand-in',
  AWS_SESSION_TOKEN: '',
  AWS_PROFILE: '',
};

/** Starts the tests' double of the Redshift Data API, from the sources: it is no part of a build. */
export async function startRedshiftDouble(options: RedshiftDoubleOptions): Promise<RedshiftDouble> {
  if (!isCheckout) {
    throw new Error(
      "Redshift's stand-in is a part of Inlet's tests and not of the package: --with-redshift needs a checkout.",
    );
  }
  const port = options.port ?? (await choosePort());
  const script = join(root, 'scripts', 'redshift-double.ts');
  const server = await startServer({
    name: "Redshift's stand-in",
    command: { file: process.execPath, args: ['--import', 'tsx', script, '--port', String(port)] },
    cwd: root,
    env: { REDSHIFT_DOUBLE_DATABASE_URL: options.databaseUrl },
    logFile: options.logFile,
    ending: ending["Redshift's stand-in"],
    ...(options.onSpawn && { onSpawn: options.onSpawn }),
    isReady: () => listens(port),
    readyWithinMs: 60_000,
  });
  return { ...server, port, endpoint: `http://127.0.0.1:${port}` };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
