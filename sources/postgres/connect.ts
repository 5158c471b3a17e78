import pg from 'pg';
import type { Address } from './address.js';
import { requireChannelBinding } from './channel-binding.js';
import { connectError, mayWorkOtherwise, type FailedAttempt } from './connect-error.js';
import { attempts, type Attempt } from './tls.js';
import { endOnUnreadableAnswer } from './unreadable-answer.js';

/** A client that is connected, and what is needed to cancel what it runs. */
export interface Connected {
  client: pg.Client;
  attempt: Attempt;
  /** What the server answers by; a pooler makes up its own. */
  cancelKey: CancelKey;
  /** Why the connection broke, once it has. */
  lost: () => unknown;
}

interface CancelKey {
  processId: number;
  secretKey: number;
}

/**
 * Connects in the first way that the address's TLS mode allows and the server takes. Sends no startup parameter that
 * PgBouncer refuses, unless the URL has `options`.
 *
 * @throws SourceError with what is wrong and what to do; the signal's reason if it is aborted
 */
export async function connect(address: Address, signal: AbortSignal): Promise<Connected> {
  const failed: FailedAttempt[] = [];
  for (const attempt of await attempts(address)) {
    signal.throwIfAborted();
    try {
      return await connectOnce(address, attempt, signal);
    } catch (error) {
      signal.throwIfAborted();
      const failure = { attempt, error };
      failed.push(failure);
      if (!mayWorkOtherwise(failure)) break;
    }
  }
  throw connectError(address, failed);
}

async function connectOnce(address: Address, attempt: Attempt, signal: AbortSignal): Promise<Connected> {
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    ssl: attempt.encrypted ? { ...attempt.options } : false,
    sslnegotiation: 'postgres',
    enableChannelBinding: address.channelBinding,
    application_name: address.applicationName,
    connectionTimeoutMillis: address.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(address.options !== undefined && { options: address.options }),
  });
  // Without a listener a connection that breaks while nothing runs would end the process.
  let lost: unknown;
  client.on('error', (error) => {
    lost ??= error;
  });
  let cancelKey: CancelKey = { processId: 0, secretKey: 0 };
  client.connection.once('backendKeyData', (key: { processID: number; secretKey: number }) => {
    cancelKey = { processId: key.processID, secretKey: key.secretKey };
  });
  endOnUnreadableAnswer(client);
  if (address.channelBinding) requireChannelBinding(client);

  const hangUp = () => client.connection.stream.destroy();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    await client.connect();
    return { client, attempt, cancelKey, lost: () => lost };
  } catch (error) {
    hangUp();
    throw error;
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
}
