import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Transform, type TransformCallback } from 'node:stream';
import { Frames, authenticationRequest, errorResponse, frame, startupParameters } from './wire-frames.js';
import { asRedshift, NewSession, type Refusal } from './redshift-statements.js';
import { asAnswerOfRedshift } from './redshift-answers.js';

/** How a connection ends: as a server does that goes down, as a network does that breaks, or it says nothing more. */
export type Ending = 'close' | 'reset' | 'stall';

/**
 * A PostgreSQL that passes for Amazon Redshift as far as the wire shows it: it refuses what Redshift refuses, knows what
 * only Redshift knows, and shows json as SUPER. Not proved against a real one: docs/redshift.md.
 */
export interface RedshiftWire {
  /** The target's URL, through the double. */
  url: string;
  /** What clients have asked for, in order, as they sent it. */
  statements: string[];
  /** Bytes that went to clients. */
  sent: number;
  /** A cluster of one node gives no more than 1000 rows at once. */
  singleNode: boolean;
  /** Says that it is what it is. */
  admitsPostgres: boolean;
  /** The number of a way to log in that every client must use. */
  authentication: number | undefined;
  refusals: Refusal[];
  /** Ends the connection that has got so many bytes from now on. */
  endAfter(bytes: number, ending: Ending): void;
  /** Ends what is open at this moment. */
  end(ending: Ending): void;
  stop(): Promise<void>;
}

const sslRequest = 80_877_103;
const cancelRequest = 80_877_102;
const knownAtStart = new Set(['user', 'database', 'application_name', 'client_encoding', 'options']);

export async function redshiftWire(target: string): Promise<RedshiftWire> {
  const { hostname, port } = new URL(target);
  const lines = new Set<Line>();
  let limit: { at: number; ending: Ending } | undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const line = new Line(client, upstream);
    lines.add(line);
    client.on('close', () => lines.delete(line));
    client.pipe(new ToServer(client, wire)).pipe(upstream);
    const toClient = new ToClient((chunk) => {
      const left = limit === undefined ? Infinity : limit.at - wire.sent;
      wire.sent += Math.min(chunk.length, left);
      if (limit === undefined || chunk.length < left) return chunk;
      const { ending } = limit;
      limit = undefined;
      const last = chunk.subarray(0, left);
      if (last.length === 0) line.end(ending);
      else client.write(last, () => line.end(ending));
      return undefined;
    });
    upstream.pipe(toClient).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const wire: RedshiftWire = {
    url: url.toString(),
    statements: [],
    sent: 0,
    singleNode: false,
    admitsPostgres: false,
    authentication: undefined,
    refusals: [],
    endAfter: (bytes, ending) => (limit = { at: wire.sent + bytes, ending }),
    end: (ending) => {
      for (const line of lines) line.end(ending);
    },
    stop: async () => {
      server.close();
      for (const line of lines) line.end('reset');
      await once(server, 'close');
    },
  };
  return wire;
}

class Line {
  readonly #client: Socket;
  readonly #upstream: Socket;

  constructor(client: Socket, upstream: Socket) {
    this.#client = client;
    this.#upstream = upstream;
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
  }

  end(ending: Ending): void {
    // Nothing more comes from the server, whichever way; a line that stalls stays open.
    this.#upstream.unpipe();
    this.#upstream.pause();
    if (ending === 'close') this.#client.end();
    if (ending === 'reset') this.#client.resetAndDestroy();
  }
}

/** What clients say, as it is put to PostgreSQL. */
class ToServer extends Transform {
  readonly #frames = new Frames('startup');
  readonly #session = new NewSession();
  readonly #client: Socket;
  readonly #wire: RedshiftWire;

  constructor(client: Socket, wire: RedshiftWire) {
    super();
    this.#client = client;
    this.#wire = wire;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    for (const message of this.#frames.take(chunk)) {
      const sent = this.#frames.typed ? this.#statement(message) : this.#startup(message);
      if (sent !== undefined) this.push(sent);
    }
    done();
  }

  #startup(message: Buffer): Buffer | undefined {
    const code = message.readInt32BE(4);
    if (code === sslRequest) {
      this.#client.write('N');
      return undefined;
    }
    if (code === cancelRequest) return message;
    this.#frames.typed = true;
    const { authentication } = this.#wire;
    if (authentication !== undefined) {
      this.#client.write(authenticationRequest(authentication));
      return undefined;
    }
    const parameters = startupParameters(message);
    const unknown = [...parameters.keys()].find((name) => !knownAtStart.has(name));
    if (unknown !== undefined) {
      this.#client.end(errorResponse('42704', `unrecognized configuration parameter "${unknown}"`));
      return undefined;
    }
    // Redshift has backslashes in plain texts, and gives fewer digits unless it is told.
    const settings =
      '-c standard_conforming_strings=off -c escape_string_warning=off -c extra_float_digits=0';
    parameters.set('options', `${parameters.get('options') ?? ''} ${settings}`);
    const body = [...parameters].flat().join('\0');
    return frame('', message.subarray(4, 8), Buffer.from(`${body}\0\0`));
  }

  #statement(message: Buffer): Buffer {
    const type = message.toString('latin1', 0, 1);
    if (type !== 'Q' && type !== 'P') return message;
    const from = type === 'Q' ? 5 : message.indexOf(0, 5) + 1;
    const to = message.indexOf(0, from);
    const text = message.toString('utf8', from, to);
    this.#wire.statements.push(text);
    const statement = Buffer.from(asRedshift(text, this.#session, this.#wire));
    return frame(type, message.subarray(5, from), statement, message.subarray(to));
  }
}

/** What PostgreSQL answers, as clients get it. */
class ToClient extends Transform {
  readonly #frames = new Frames('typed');
  readonly #admit: (chunk: Buffer) => Buffer | undefined;

  constructor(admit: (chunk: Buffer) => Buffer | undefined) {
    super();
    this.#admit = admit;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    const messages = [...this.#frames.take(chunk)].map(asAnswerOfRedshift);
    const admitted = this.#admit(Buffer.concat(messages));
    // What is not admitted is the end: nothing follows.
    if (admitted === undefined) return;
    if (admitted.length > 0) this.push(admitted);
    done();
  }
}
