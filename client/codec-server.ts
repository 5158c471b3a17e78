import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvalidArgumentError, type Command } from 'commander';
import { parseListenAddress, type ListenAddress } from '../config/listen-address.js';
import { readEncryptionKeys } from '../encryption/keys.js';
import { examples, type Run } from './argument.js';
import { exitCodes, failed, wrongUse, type ExitCode } from './exit.js';
import type { Session } from './session.js';

const TOKEN_CHARACTERS = 16;

interface Options {
  listen: string;
  origin?: string[];
}

export function addCodecServer(program: Command, run: Run): void {
  const command = program
    .command('codec-server')
    .description("Decrypt for Temporal's UI and CLI what Inlet has encrypted, until it is stopped.")
    .option('--listen <host:port>', 'where to listen', '127.0.0.1:8081')
    .option('--origin <url>', "where Temporal's UI is, such as https://temporal.acme.com; repeatable", origin)
    .action((options: Options) => run((session) => codecServer(session, options)));
  examples(
    command,
    'inlet codec-server',
    'inlet codec-server --listen 0.0.0.0:8081 --origin https://temporal.acme.com',
  );
}

async function codecServer(
  { environment, out }: Session,
  { listen: asked, origin: origins = [] }: Options,
): Promise<ExitCode> {
  const place = parseListenAddress(asked, '--listen');
  const keys = readEncryptionKeys(environment);
  if (keys.length === 0)
    throw wrongUse('There is nothing to decrypt with: set INLET_ENCRYPTION_KEYS as the worker has it.');
  const token = environment.get('INLET_CODEC_TOKEN');
  if (token === undefined)
    throw wrongUse(
      `Whoever reaches this endpoint could read everything: set INLET_CODEC_TOKEN to what they must send. "openssl rand -hex 32" makes one.`,
    );
  if (token.length < TOKEN_CHARACTERS)
    throw wrongUse(
      `INLET_CODEC_TOKEN can be guessed: it needs ${TOKEN_CHARACTERS} characters or more. "openssl rand -hex 32" makes one.`,
    );
  const { codecServer: make } = await import('../encryption/codec-server.js');
  const { EncryptingCodec } = await import('../encryption/payload-codec.js');
  const server = make({
    codec: new EncryptingCodec(keys),
    token,
    origins,
    onUnreadable: (sentence) => out.warn(sentence),
  });
  await listen(server, place);
  const { host } = place;
  const { port } = server.address() as AddressInfo;
  if (!isLoopback(host))
    out.warn(
      'This is HTTP: on a network put it behind a proxy with TLS, or the token and what is decrypted can be read.',
    );
  out.say(
    `The codec endpoint is http://${host.includes(':') ? `[${host}]` : host}:${port}. Ctrl-C stops it.`,
  );
  await stopped();
  server.close();
  server.closeAllConnections();
  return exitCodes.fine;
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw failed(`Can't listen on ${host}, port ${port} (${code}). Give another place with --listen.`, error);
  }
}

async function stopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** As browsers send it: no path, and nothing that stands for several. */
function origin(text: string, others: string[] = []): string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/')
    throw new InvalidArgumentError(
      'It must be http:// or https:// and a host, such as https://temporal.acme.com.',
    );
  return [...others, url.origin];
}

const isLoopback = (host: string) => /^(127\.|::1$|localhost$)/.test(host);
