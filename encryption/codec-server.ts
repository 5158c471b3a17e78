import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { EncryptionError } from './encryption-error.js';

/** Temporal takes no payload over 2 MiB; as base64 two of them, and what else there is, come to less. */
const BODY_BYTES = 8 * 1024 * 1024;
const REQUEST_WITHIN_MS = 10_000;

export interface CodecServerOptions {
  codec: PayloadCodec;
  /** What every request must bring, as `Authorization: Bearer`. */
  token: string;
  /** The web pages that may ask, such as `https://temporal.acme.com`: those of Temporal's UI. */
  origins: readonly string[];
  /** Hears why something could not be decrypted, which Temporal's CLI does not repeat. */
  onUnreadable?: (sentence: string) => void;
}

/**
 * Makes a server for Temporal's remote codec protocol (docs/encryption.md), which decrypts for Temporal's UI and CLI, and
 * encrypts what is sent with them: POST /decode and /encode, at the root or below any path. Nothing that it is sent or
 * gives is kept or logged.
 *
 * @returns a server that doesn't listen yet
 */
export function codecServer(options: CodecServerOptions): Server {
  const server = createServer((request, response) => {
    answer(request, options)
      .catch((error: unknown) => {
        if (error instanceof EncryptionError) options.onUnreadable?.(error.message);
        return asAnswer(error);
      })
      .then((given) => send(response, given, crossOrigin(request, options.origins)))
      // Whoever asked is gone.
      .catch(() => response.destroy());
  });
  server.requestTimeout = REQUEST_WITHIN_MS;
  server.headersTimeout = REQUEST_WITHIN_MS;
  return server;
}

interface Answer {
  status: number;
  /** Sent as JSON. */
  document?: unknown;
  /** Sent as text: a sentence for who asked. */
  sentence?: string;
  headers?: Record<string, string>;
}

/** What is answered in place of payloads. */
class Refused extends Error {
  readonly answer: Answer;

  constructor(status: number, sentence: string, headers: Record<string, string> = {}) {
    super(sentence);
    this.answer = { status, sentence, headers };
  }
}

async function answer(request: IncomingMessage, { codec, token }: CodecServerOptions): Promise<Answer> {
  // A browser asks first whether it may ask, and does so without the token.
  if (request.method === 'OPTIONS') return { status: 204 };
  const work = workOf(request);
  if (request.method !== 'POST')
    throw new Refused(405, `This path takes POST, and got ${request.method ?? 'nothing'}.`, {
      Allow: 'POST, OPTIONS',
    });
  if (!hasToken(request, token))
    throw new Refused(401, 'The token is missing or wrong: send "Authorization: Bearer" and the token.', {
      'WWW-Authenticate': 'Bearer',
    });
  const payloads = fromJson(await bodyOf(request));
  const coded = work === 'decode' ? await codec.decode(payloads) : await codec.encode(payloads);
  return { status: 200, document: toJson(coded) };
}

function asAnswer(error: unknown): Answer {
  if (error instanceof Refused) return error.answer;
  if (error instanceof EncryptionError) return { status: 400, sentence: error.message };
  return { status: 500, sentence: 'Something went wrong that should not.' };
}

/** Temporal's clients append the word to whatever endpoint they are given. */
function workOf({ url = '' }: IncomingMessage): 'decode' | 'encode' {
  const work = /\/(decode|encode)(?:\?|$)/.exec(url)?.[1];
  if (work === 'decode' || work === 'encode') return work;
  throw new Refused(404, 'This is the codec endpoint of Inlet; it has /decode and /encode.');
}

/** Compares digests, which are of one length: how long it takes tells nothing of the token. */
function hasToken({ headers }: IncomingMessage, token: string): boolean {
  const given = /^Bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > BODY_BYTES)
      throw new Refused(413, `A request may have ${BODY_BYTES / 1024 / 1024} MiB.`, { Connection: 'close' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `temporal.api.common.v1.Payloads` as proto3 JSON: bytes are base64. */
const document = z.object({
  payloads: z
    .array(
      z.object({
        metadata: z.record(z.string(), z.base64()).optional(),
        data: z.base64().optional(),
      }),
    )
    .optional(),
});

function fromJson(body: string): Payload[] {
  const parsed = document.safeParse(parse(body));
  if (!parsed.success)
    throw new Refused(400, 'The body must be JSON of the form {"payloads": [{"metadata": {}, "data": ""}]}.');
  return (parsed.data.payloads ?? []).map(({ metadata = {}, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, bytes(value)])),
    ...(data !== undefined && { data: bytes(data) }),
  }));
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function toJson(payloads: Payload[]) {
  return {
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]),
      ),
      data: base64(data ?? new Uint8Array()),
    })),
  };
}

const bytes = (text: string) => Buffer.from(text, 'base64');
const base64 = (value: Uint8Array) => Buffer.from(value).toString('base64');

/** Lets a web page read the answer only if its origin was named; others get the answer, but their browser keeps it back. */
function crossOrigin({ headers }: IncomingMessage, origins: readonly string[]): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined || !origins.includes(origin)) return { Vary: 'Origin' };
  return {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': 'POST, OPTIONS',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-Namespace',
    // For the cookie of a proxy that stands before this server.
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Max-Age': '600',
  };
}

function send(
  response: ServerResponse,
  { status, document, sentence, headers = {} }: Answer,
  more: Record<string, string>,
): void {
  const text = document === undefined ? `${sentence ?? ''}\n` : JSON.stringify(document);
  const type = document === undefined ? 'text/plain; charset=utf-8' : 'application/json';
  const common = { ...headers, ...more, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
  if (status === 204) response.writeHead(status, common).end();
  else response.writeHead(status, { ...common, 'Content-Type': type }).end(text);
}
