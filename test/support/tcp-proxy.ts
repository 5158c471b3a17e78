import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a client and a server, so that a test can take the server away. */
export interface TcpProxy {
  /** The address in a URL, with the proxy's port in place of the server's. */
  url: string;
  /** Refuses connections, and breaks those that are open. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Lets nothing through any more, and breaks nothing: as a server that is frozen. New connections hang as well. */
  stall(): void;
  /** Bytes that came and were not let through. */
  waiting(): number;
  /** Goes on. */
  flow(): void;
}

/**
 * @param target the URL of a server; it need not be reached yet
 * @param admit is waited for before a connection is let through
 */
export async function tcpProxy(
  target: string,
  admit: () => Promise<void> = () => Promise.resolve(),
): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let stalled = false;
  const server = createServer((client) => void admit().then(() => join(client)));
  const join = (client: Socket) => {
    const upstream = connect({ host: hostname, port: Number(port) });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => sockets.delete(socket));
      socket.pipe(other);
      if (stalled) socket.pause();
    }
  };
  const listen = (on: number) => new Promise<void>((resolve) => server.listen(on, '127.0.0.1', resolve));
  await listen(0);
  const { port: own } = server.address() as AddressInfo;
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(own);
  return {
    url: url.toString(),
    up: () => listen(own),
    stall: () => {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    waiting: () => [...sockets].reduce((sum, { readableLength }) => sum + readableLength, 0),
    flow: () => {
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    down: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
