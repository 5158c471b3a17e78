import { randomUUID } from 'node:crypto';
import { invalid, notFound, tooMany } from './api-error.js';
import { Connection } from './connection.js';

/** A connection for the statements of a session, or for one statement. */
export interface Lease {
  connection: Promise<Connection>;
  sessionId: string | undefined;
  /** Gives it back: it is closed, or kept for the session's next statement. */
  release(): Promise<void>;
}

interface Session {
  connection: Promise<Connection>;
  busy: boolean;
  keepAliveMs: number;
  expiry: NodeJS.Timeout | undefined;
}

/** Sessions end when nothing was run in them for as long as was asked for; there is no operation that ends one. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  constructor(
    private readonly url: string,
    private readonly quota: number,
  ) {}

  /** @throws ApiError where the session is unknown or busy, or there are too many */
  lease(sessionId: string | undefined, keepAliveSeconds: number | undefined): Lease {
    if (sessionId === undefined && keepAliveSeconds === undefined) return this.#single();
    const id = sessionId ?? this.#open();
    const session = this.#sessions.get(id);
    if (!session) throw notFound(`Session ${id} does not exist.`, id);
    if (session.busy) throw invalid(`Session ${id} is busy: it runs one query at a time.`);
    session.busy = true;
    session.keepAliveMs = keepAliveSeconds === undefined ? session.keepAliveMs : keepAliveSeconds * 1000;
    clearTimeout(session.expiry);
    return {
      connection: session.connection,
      sessionId: id,
      release: () => {
        session.busy = false;
        session.expiry = setTimeout(() => void this.#end(id), session.keepAliveMs);
        session.expiry.unref();
        return Promise.resolve();
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((id) => this.#end(id)));
  }

  #single(): Lease {
    const connection = this.#connect();
    return { connection, sessionId: undefined, release: () => closed(connection) };
  }

  #open(): string {
    if (this.#sessions.size >= this.quota) throw tooMany('Sessions', this.quota);
    const id = randomUUID();
    this.#sessions.set(id, { connection: this.#connect(), busy: false, keepAliveMs: 0, expiry: undefined });
    return id;
  }

  #connect(): Promise<Connection> {
    const connection = Connection.open(this.url);
    // Whoever waits for it hears of a failure; it must not end the process before.
    connection.catch(() => undefined);
    return connection;
  }

  async #end(id: string): Promise<void> {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    clearTimeout(session?.expiry);
    if (session) await closed(session.connection);
  }
}

async function closed(connection: Promise<Connection>): Promise<void> {
  const open = await connection.catch(() => null);
  await open?.close();
}
