import { Client, Connection, QueryRejectCondition } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Environment } from '../config/environment.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import { failed, wrongUse } from './exit.js';
import { refusingPort } from './refusing-port.js';

/** A command that nobody answers gives up after four seconds, counted from its start. */
const endsWithinMs = 4_000;

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
  const { connectionOptions, namespace } = settings(environment);
  const address = connectionOptions.address ?? 'localhost:7233';
  const proxied = ['grpc_proxy', 'https_proxy', 'http_proxy'].some(
    (name) => environment.get(name) !== undefined,
  );
  const refused = proxied ? undefined : await refusingPort(address);
  if (refused !== undefined) throw unreachable(address, new Error(refused));
  const connection = await Connection.connect({
    address,
    tls: connectionOptions.tls,
    apiKey: connectionOptions.apiKey,
    metadata: connectionOptions.metadata,
    connectTimeout: patienceMs(2_000, 3_000),
  }).catch((error: unknown) => {
    throw unreachable(address, error);
  });
  const client = new Client({
    connection,
    namespace,
    workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN },
  });
  return {
    client,
    address,
    taskQueue: environment.get('INLET_TASK_QUEUE') ?? TASK_QUEUE,
    workerAnswered: false,
    close: () => connection.close(),
  };
}

function settings(environment: Environment) {
  const set = Object.entries(environment.toObject()).filter(([, value]) => value !== '');
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrongUse(
      `The settings for Temporal can't be used: ${why}. They come from TEMPORAL_* variables and temporal.toml.`,
      error,
    );
  }
}

function unreachable(address: string, error: unknown): Error {
  const said = error instanceof Error ? error.message : '';
  if (/permission|unauthenticated|certificate|api key/i.test(said)) {
    return failed(
      `The Temporal server at ${address} refused the connection: ${said}. Set TEMPORAL_API_KEY or TEMPORAL_TLS_*.`,
      error,
    );
  }
  const listens = /^E[A-Z]+$/.test(said) ? '' : ' If one runs there, TEMPORAL_TLS may not fit it.';
  return failed(
    `No Temporal server answers at ${address}. Set TEMPORAL_ADDRESS to where yours is, or start one with "inlet dev".${listens}`,
    error,
  );
}
