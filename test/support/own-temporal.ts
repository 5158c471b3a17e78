import { join } from 'node:path';
import { root } from '../../dev/state.js';
import { findTemporalCli } from '../../dev/temporal-cli.js';
import { startTemporal, type TemporalOptions, type TemporalServer } from '../../dev/temporal-server.js';

/** The Temporal CLI that runs in this checkout use: the environment's, PATH's, or one that is got into .inlet/bin. */
export async function temporalCli(onProgress?: (doing: string) => void): Promise<string> {
  return await findTemporalCli({
    configured: process.env['INLET_TEMPORAL_CLI'],
    searchPath: process.env['PATH'],
    directory: join(root, '.inlet', 'bin'),
    ...(onProgress && { onProgress }),
  });
}

/**
 * Starts a Temporal server on the database file of this directory, which may be another one's that was killed.
 * @param port that of the one before, if there was one; else any
 */
export async function startOwnTemporal(
  directory: string,
  port?: number,
  onSpawn?: TemporalOptions['onSpawn'],
): Promise<TemporalServer> {
  return await startTemporal({
    cli: await temporalCli(),
    databaseFile: join(directory, 'temporal.db'),
    ...(port !== undefined && { port: { number: port, ifTaken: 'insist' as const } }),
    logFile: join(directory, 'temporal.log'),
    ...(onSpawn && { onSpawn }),
  });
}
