import { Client, Connection, QueryRejectCondition } from '@temporalio/client';
import type { Environment } from '../config/environment.js';
import { dataConverterOf } from '../encryption/data-converter.js';
import { temporalSettings } from '../worker/temporal-settings.js';
import { startTracing } from '../worker/tracing.js';
import { unreachable } from '../worker/unreachable.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import { failed } from './exit.js';
import { refusingPort } from './refusing-port.js';

/** A command that nobody answers gives up after four seconds, counted from its start. */
const endsWithinMs = 4_000;

/** How long the spans of a command may take to be sent. */
const LAST_SPANS_MS = 1_000;

/** What is left of a command's five seconds, as far as that is enough to be fair. */
export function patienceMs(atLeast: number, atMost: number): number {
  return Math.min(atMost, Math.max(atLeast, endsWithinMs - performance.now()));
}

export interface Temporal {
  client: Client;
  /** As people would write it: `localhost:7233`. */
  address: string;
  /** The queue of workflows. */
  taskQueue: string;
  /** True once a worker has answered anything: then it may take its time. */
  workerAnswered: boolean;
  close(): Promise<void>;
}

/**
 * Connects as Temporal's own CLI does: address, namespace, TLS and API key from the environment or Temporal's file
 * (https://docs.temporal.io/references/client-environment-configuration).
 *
 * @throws CommandError naming the address, and how to set it, if no server answers within three seconds
 */
export async function connectTemporal(environment: Environment): Promise<Temporal> {
  const settings = temporalSettings(environment);
  const { address, namespace } = settings;
  const dataConverter = dataConverterOf(environment);
  const proxied = ['grpc_proxy', 'https_proxy', 'http_proxy'].some(
    (name) => environment.get(name) !== undefined,
  );
  const refused = proxied ? undefined : await refusingPort(address);
  if (refused !== undefined) throw failed(await unreachable(settings, new Error(refused)));
  const tracing = await startTracing(environment);
  const connection = await Connection.connect({
    ...settings,
    connectTimeout: patienceMs(2_000, 3_000),
  }).catch(async (error: unknown) => {
    throw failed(await unreachable(settings, error), error);
  });
  const client = new Client({
    connection,
    namespace,
    dataConverter,
    plugins: tracing === undefined ? [] : [tracing.plugin],
    workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN },
  });
  return {
    client,
    address,
    taskQueue: environment.get('INLET_TASK_QUEUE') ?? TASK_QUEUE,
    workerAnswered: false,
    close: async () => {
      await tracing?.close(LAST_SPANS_MS);
      await connection.close();
    },
  };
}
