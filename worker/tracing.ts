import type { ClientPlugin } from '@temporalio/client';
import type { WorkerPlugin } from '@temporalio/worker';
import type { Trace } from '../activities/trace.js';
import type { Environment } from '../config/environment.js';
import { tracesAreOn } from '../config/tracing.js';

export interface Tracing {
  /** The SDK's own, for clients and workers: it makes a trace go through workflows. */
  plugin: ClientPlugin & WorkerPlugin;
  /** Our own spans, within those of activities. */
  trace: Trace;
  /** Sends what is not sent yet, for some time. */
  close(withinMs: number): Promise<void>;
}

/**
 * Begins to trace where OpenTelemetry's variables ask for it (docs/monitoring.md); only then are its libraries loaded.
 * @param onTrouble is called when spans could not be sent
 * @returns undefined where traces are off
 * @throws ConfigError for variables that can't be used
 */
export async function startTracing(
  environment: Environment,
  onTrouble: () => void = () => undefined,
): Promise<Tracing | undefined> {
  if (!tracesAreOn(environment)) return undefined;
  const { openTelemetry } = await import('./open-telemetry.js');
  return openTelemetry(onTrouble);
}
