import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Frames } from '../test/support/wire-frames.js';
import { Transactions, type Moment } from './moments.js';

/** Where a worker was stopped: it has sent what asks for this, or the server has done it and the worker doesn't know. */
export interface Held {
  moment: Moment;
  /** Lets it go on, if the connection is still there. */
  release(): void;
}

/**
 * Stands between a worker and a PostgreSQL and reads along what the worker sends. Armed, it holds the connection that
 * comes to a moment: nothing of the worker needs to know of it, and other connections go on.
 */
export interface Gate {
  /** The server's URL with the gate's address in it. */
  url: string;
  /** Resolves with the connection that comes to this moment next, as it is held. */
  arm(moment: Moment): Promise<Held>;
  disarm(): void;
  /** Lets nothing through any more, and breaks nothing; new connections hang. */
  stall(): void;
  /** How many connections and how many bytes have been kept waiting since `stall`. */
  stalled(): { connections: number; bytes: number };
  flow(): void;
  close(): Promise<void>;
}

/** @param target URL of a PostgreSQL without TLS, which may be away at times */
export async function openGate(target: string): Promise<Gate> {
  const { hostname, port } = new URL(target);
  const passages = new Set<Passage>();
  let armed: { moment: Moment; hit: (held: Held) => void } | undefined;
  let isStalled = false;

  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port) });
    const passage = new Passage(client, upstream, (moment, release) => {
      if (armed?.moment !== moment) return false;
      armed.hit({ moment, release });
      armed = undefined;
      return true;
    });
    passages.add(passage);
    client.once('close', () => passages.delete(passage));
    if (isStalled) passage.stall();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);

  return {
    url: url.toString(),
    arm: (moment) => new Promise((hit) => (armed = { moment, hit })),
    disarm: () => (armed = undefined),
    stall: () => {
      isStalled = true;
      for (const passage of passages) passage.stall();
    },
    stalled: () => ({
      connections: passages.size,
      bytes: [...passages].reduce((sum, { waiting }) => sum + waiting, 0),
    }),
    flow: () => {
      isStalled = false;
      for (const passage of passages) passage.flow();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const passage of passages) passage.end();
      }),
  };
}

/** One connection through a gate. */
class Passage {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #frames = new Frames('startup');
  readonly #transactions = new Transactions();
  /** What the worker has sent and the server has not been given; null while nothing is held. */
  #held: Buffer[] | null = null;
  #answersHeld = false;
  #stalled = false;

  /** @param hold whether to hold the connection at this moment, to be let go by `release` */
  constructor(client: Socket, upstream: Socket, hold: (moment: Moment, release: () => void) => boolean) {
    this.#client = client;
    this.#upstream = upstream;
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.end()); // What the server said at last still goes through.
    const release = () => {
      const waiting = this.#held ?? [];
      this.#held = null;
      this.#answersHeld = false;
      for (const frame of waiting) this.#forward(frame);
      this.#pace();
    };
    client.on('data', (chunk) => {
      for (const frame of this.#frames.take(Buffer.from(chunk))) {
        this.#frames.typed = true;
        const { before, after } = this.#transactions.see(frame);
        if (this.#held === null && before !== null && hold(before, release)) this.#held = [];
        if (this.#held === null && after !== null && hold(after, release)) this.#answersHeld = true;
        if (this.#held === null) this.#forward(frame);
        else this.#held.push(frame);
      }
      this.#pace();
    });
    upstream.on('data', (chunk) => {
      if (!client.write(chunk)) upstream.pause();
    });
    upstream.on('drain', () => this.#pace());
    client.on('drain', () => this.#pace());
  }

  /** Bytes that came from the worker, or from the server, and wait here. */
  get waiting(): number {
    const held = (this.#held ?? []).reduce((sum, frame) => sum + frame.length, 0);
    return held + this.#client.readableLength + this.#upstream.readableLength;
  }

  stall(): void {
    this.#stalled = true;
    this.#pace();
  }

  flow(): void {
    this.#stalled = false;
    this.#pace();
  }

  end(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #forward(frame: Buffer): void {
    if (!this.#upstream.destroyed) this.#upstream.write(frame);
  }

  /** Reads from each side as long as the other takes it, and nothing is to be held there. */
  #pace(): void {
    const takesMore = !this.#stalled && !this.#upstream.writableNeedDrain && (this.#held?.length ?? 0) < 64;
    if (takesMore) this.#client.resume();
    else this.#client.pause();
    const givesMore = !this.#stalled && !this.#answersHeld && !this.#client.writableNeedDrain;
    if (givesMore) this.#upstream.resume();
    else this.#upstream.pause();
  }
}
