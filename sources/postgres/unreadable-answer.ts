import { EventEmitter } from 'node:events';
import type { Client } from 'pg';

/** The server asked for a password in a way that the driver does not know. */
export class UnknownAuthentication extends Error {
  /** https://www.postgresql.org/docs/current/protocol-message-formats.html, "Authentication…"; Redshift has more. */
  readonly code: number;

  constructor(code: number) {
    super(`authentication ${code}`);
    this.code = code;
  }
}

/**
 * Ends a connection whose server says what node-postgres can't read, so that what waits for it fails: node-postgres
 * reads in the socket's `data` event, where an exception would end the process. To be called before the client connects.
 */
export function endOnUnreadableAnswer(client: Client): void {
  const connection: unknown = client.connection;
  if (!readsStreams(connection))
    throw new Error('This version of node-postgres reads its streams in another way.');
  const attach = connection.attachListeners.bind(connection);
  // It is called with the socket or, once TLS is agreed on, with what that carries.
  connection.attachListeners = (stream) => {
    const readable = new EventEmitter();
    stream.on('data', (chunk: Buffer) => {
      try {
        readable.emit('data', chunk);
      } catch (error) {
        client.connection.stream.destroy(meaningOf(error));
      }
    });
    stream.on('end', () => readable.emit('end'));
    attach(readable);
  };
}

interface ReadsStreams {
  attachListeners(stream: EventEmitter): void;
}

function readsStreams(connection: unknown): connection is ReadsStreams {
  return (
    typeof connection === 'object' &&
    connection !== null &&
    'attachListeners' in connection &&
    typeof connection.attachListeners === 'function'
  );
}

function meaningOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const code = /^Unknown authenticationOk message type (\d+)/.exec(error.message)?.[1];
  return code === undefined ? error : new UnknownAuthentication(Number(code));
}
