import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from './api-error.js';

/** A request of the JSON 1.1 protocol. */
export interface JsonRequest {
  operation: string;
  input: unknown;
  gone: AbortSignal;
}

/** What to do instead of answering. */
export class Reset extends Error {}

export interface HttpServer {
  url: string;
  close(): Promise<void>;
}

/** Serves AWS's JSON 1.1 protocol on 127.0.0.1; `answer` gives the body, or throws an ApiError or a Reset. */
export async function serveJson(
  answer: (request: JsonRequest) => Promise<string>,
  port = 0,
): Promise<HttpServer> {
  const server = createServer((request, response) => void serve(request, response, answer));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: JsonRequest) => Promise<string>,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    const body = await text(request);
    checkSignature(request.headers.authorization);
    const operation = operationOf(request);
    send(response, 200, await answer({ operation, input: inputOf(body), gone: gone.signal }));
  } catch (error) {
    if (error instanceof Reset) request.socket.destroy();
    else if (error instanceof ApiError) send(response, error.status, error.toJson(), error.name);
    else {
      const failed = new ApiError('InternalServerException', 500, `The double failed: ${String(error)}`);
      send(response, failed.status, failed.toJson(), failed.name);
    }
  }
}

function send(response: ServerResponse, status: number, body: string, errorType?: string): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    ...(errorType !== undefined && { 'x-amzn-errortype': errorType }),
  });
  response.end(body);
}

/** The signature itself is not verified, only that there is one, for this service. */
function checkSignature(authorization: string | undefined): void {
  if (authorization === undefined) {
    throw new ApiError('MissingAuthenticationTokenException', 403, 'Missing Authentication Token');
  }
  const signed =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request, ?SignedHeaders=[^,]+, ?Signature=[0-9a-f]{64}$/;
  if (signed.exec(authorization)?.[1] !== 'redshift-data') {
    const message = "Credential should be scoped to correct service: 'redshift-data'.";
    throw new ApiError('InvalidSignatureException', 403, message);
  }
}

function operationOf({ method, headers }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  const [service, operation] = typeof target === 'string' ? target.split('.') : [];
  const isJson = headers['content-type'] === 'application/x-amz-json-1.1';
  if (method !== 'POST' || !isJson || service !== 'RedshiftData' || operation === undefined) {
    throw new ApiError('UnknownOperationException', 400, 'This is no request of the Redshift Data API.');
  }
  return operation;
}

function inputOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError('SerializationException', 400, 'The body is not JSON.');
  }
}

export const pause = (ms: number, gone: AbortSignal) =>
  sleep(ms, undefined, { signal: gone }).catch(() => undefined);
