import { createServer, type IncomingHttpHeaders } from 'node:http';
import getPort from 'get-port';

/** How the receiver answers: with a status, a redirect to itself, never, or by breaking the connection off. */
export type Behaviour = number | 'hang' | 'redirect' | 'break off';

export interface Received {
  headers: Record<string, string>;
  body: string;
  /** Undefined where there was no status. */
  status: number | undefined;
}

/** An HTTP server that takes alerts, in the ways that real ones do. */
export interface WebhookReceiver {
  url: string;
  /** Every request, in the order in which they came. */
  received: Received[];
  /** The bodies that were accepted. */
  accepted(): Received[];
  /** How the next requests are answered, one after the other; 204 after that. */
  next(...behaviours: Behaviour[]): void;
  /** Nobody listens any more: connections are refused. */
  stop(): Promise<void>;
  /** Listens again, at the same port. */
  start(): Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const port = await getPort({ host: '127.0.0.1' });
  const url = `http://127.0.0.1:${port}/alerts`;
  const behaviours: Behaviour[] = [];
  const received: Received[] = [];
  let server = createServer();

  function listen(): Promise<void> {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const behaviour = behaviours.shift() ?? 204;
        const status = behaviour === 'redirect' ? 307 : typeof behaviour === 'number' ? behaviour : undefined;
        received.push({
          headers: plain(request.headers),
          body: Buffer.concat(chunks).toString(),
          status,
        });
        if (behaviour === 'break off') request.socket.destroy();
        if (status === undefined) return;
        response.writeHead(status, behaviour === 'redirect' ? { location: url } : {});
        response.end(status === 204 ? undefined : 'a secret of the receiver');
      });
    });
    return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  }

  await listen();
  return {
    url,
    received,
    accepted: () => received.filter(({ status }) => status === 204),
    next: (...coming) => void behaviours.push(...coming),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    start: listen,
  };
}

const plain = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
