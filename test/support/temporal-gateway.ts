import {
  connect,
  createSecureServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo } from 'node:net';
import { makeCertificate, type Certificate } from './certificates.js';

/** gRPC's codes, https://grpc.io/docs/guides/status-codes/ */
const PERMISSION_DENIED = '7';
const UNAUTHENTICATED = '16';

/** Stands before a Temporal server as Temporal Cloud does: TLS, client certificates or an API key, no operator's rights. */
export interface TemporalGateway {
  address: string;
  /** Who vouches for the gateway's certificate, and for those of clients. */
  authority: Certificate;
  /** A certificate for a client, from the authority. */
  clientCertificate(): Certificate;
  /** What came with each call, `:path` among it. */
  calls: IncomingHttpHeaders[];
  close(): Promise<void>;
}

export interface GatewayOptions {
  /** Whether a client must show a certificate of the authority. */
  requireCertificate?: boolean;
  /** The API key that every call must bring, as `authorization: Bearer`. */
  apiKey?: string;
}

const HOST = 'temporal.test';

/** @param upstream host:port of the server, which speaks without TLS */
export async function temporalGateway(
  upstream: string,
  { requireCertificate = false, apiKey }: GatewayOptions = {},
): Promise<TemporalGateway> {
  const name = 'Gateway authority';
  const authority = makeCertificate({ commonName: name });
  const issuer = { commonName: name, key: authority.key };
  const own = makeCertificate({ commonName: 'gateway', hosts: [HOST], issuer });
  const calls: IncomingHttpHeaders[] = [];
  const sessions = new Set<ServerHttp2Session | ClientHttp2Session>();
  const server = createSecureServer({
    key: own.key,
    cert: own.certificate,
    ca: authority.certificate,
    requestCert: requireCertificate,
    rejectUnauthorized: requireCertificate,
  });
  const keep = (session: ServerHttp2Session | ClientHttp2Session) => {
    sessions.add(session);
    session.on('error', () => undefined);
    session.on('close', () => sessions.delete(session));
  };
  const backend = connect(`http://${upstream}`);
  keep(backend);
  server.on('session', keep);
  server.on('stream', (stream, headers) => {
    calls.push(headers);
    stream.on('error', () => undefined);
    const refused = refusal(headers, apiKey);
    if (refused === undefined) forward(stream, headers, backend);
    else refuse(stream, refused);
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    authority,
    clientCertificate: () => makeCertificate({ commonName: 'inlet', hosts: ['inlet'], issuer }),
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

function refusal(headers: IncomingHttpHeaders, apiKey: string | undefined): string | undefined {
  if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) return UNAUTHENTICATED;
  return headers[':path']?.startsWith('/temporal.api.operatorservice.') ? PERMISSION_DENIED : undefined;
}

function refuse(stream: ServerHttp2Stream, code: string): void {
  const message = 'Request%20unauthorized.';
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': code, 'grpc-message': message },
    { endStream: true },
  );
}

function forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, backend: ClientHttp2Session): void {
  const request = backend.request(headers);
  let trailers: IncomingHttpHeaders = {};
  request.on('error', () => stream.close());
  stream.on('close', () => request.close());
  request.on('trailers', (last: IncomingHttpHeaders) => {
    trailers = last;
  });
  request.on('response', (answer, flags) => {
    // NGHTTP2_FLAG_END_STREAM: a call that failed has nothing but headers.
    const endStream = (flags & 1) === 1;
    if (stream.destroyed) return;
    stream.respond(answer, { endStream, waitForTrailers: !endStream });
    if (endStream) return;
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    request.pipe(stream);
  });
  stream.pipe(request);
}

function listen(server: ReturnType<typeof createSecureServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
