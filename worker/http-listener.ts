import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../config/listen-address.js';

/** What is served at one path. */
export interface Page {
  status: number;
  contentType: string;
  body: string;
}

export interface HttpListener {
  /** As a URL, with the port that it has got. */
  url: string;
  close(): Promise<void>;
}

export const jsonPage = (status: number, value: object): Page => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value)}\n`,
});

/**
 * Serves a few pages to whoever can reach the address, for GET and HEAD.
 * @param pages what each path gives; none of them takes long
 * @throws an Error with a sentence if the address can't be listened on
 */
export async function listen(
  address: ListenAddress,
  pages: Readonly<Record<string, () => Promise<Page>>>,
): Promise<HttpListener> {
  const server = createServer((request, response) => {
    answer(request, pages)
      .catch(() => jsonPage(500, { error: 'This page could not be made.' }))
      .then((page) => send(request, response, page))
      .catch(() => response.destroy());
  });
  server.requestTimeout = 5_000;
  server.headersTimeout = 5_000;
  // Such requests are small; what is larger is none of them.
  server.maxHeadersCount = 50;
  await bind(server, address);
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { method, url }: IncomingMessage,
  pages: Readonly<Record<string, () => Promise<Page>>>,
): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'Only GET and HEAD are served.' });
  const path = (url ?? '').split('?', 1)[0] ?? '';
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  return (await page?.()) ?? jsonPage(404, { error: `Here are ${Object.keys(pages).join(', ')}.` });
}

function send({ method }: IncomingMessage, response: ServerResponse, page: Page): void {
  response.writeHead(page.status, {
    'Content-Type': page.contentType,
    'Content-Length': Buffer.byteLength(page.body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(method === 'HEAD' ? undefined : page.body);
}

async function bind(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(cannotListen(error, `${host}:${port}`))));
    server.listen(port, host, resolve);
  });
}

function cannotListen(error: Error, place: string): string {
  const code = 'code' in error ? String(error.code) : error.message;
  const why: Record<string, string> = {
    EADDRINUSE: 'another process listens there already. Choose another port, or end that process',
    EACCES: 'this user may not. Choose a port from 1024 on',
    EADDRNOTAVAIL: 'this machine has no such address. Use one that it has, or 0.0.0.0 for all of them',
    ENOTFOUND: 'the host is not known. Use an address of this machine, or 0.0.0.0 for all of them',
  };
  return `Can't listen on ${place} (--listen or INLET_LISTEN): ${why[code] ?? code}.`;
}
