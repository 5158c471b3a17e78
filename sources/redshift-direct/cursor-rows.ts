import { Readable } from 'node:stream';
import type { Session } from '../postgres/session.js';
import { copyLine } from '../copy-text.js';
import { Fetch, SingleStatement } from './statements.js';

const bufferBytes = 64 * 1024;

/** A session has one cursor at a time. */
const cursor = 'inlet_rows';

export interface CursorQuery {
  /** One statement that was parsed alone. */
  statement: string;
  /** Rows to ask for at once; looked up each time. */
  fetchSize: () => number;
  /** Is asked with the first read, and waited for before the cursor is declared; settles when no other is open. */
  turn: (finished: Promise<void>) => Promise<void>;
  /**
   * Asked when the cluster fails before it has given a row: true where the cursor is to be declared once more, in a
   * transaction that has been begun anew.
   */
  recover: (error: unknown) => Promise<boolean>;
  /** Makes a failure fit to be shown, knowing since when the statement ran. */
  explain: (error: unknown, startedAt: number) => Error;
}

/**
 * The rows of a query, through a cursor of the cluster's (Redshift has no COPY … TO STDOUT), as bytes of COPY text, as
 * fast as they are read: where the reader does not keep up, nothing more is taken from the network. The cursor is
 * declared with the first read; a reader that stops early (`destroy`) cancels it and ends the session.
 */
export class CursorRows extends Readable {
  /** Settles when the cursor is closed, or there will be none. */
  readonly #finished: Promise<void>;
  readonly #session: Session;
  readonly #query: CursorQuery;
  #finish: () => void = () => undefined;
  #state: 'new' | 'reading' | 'over' = 'new';
  #fetch: Fetch | undefined;
  #wanted: (() => void) | undefined;
  #lines: string[] = [];
  #length = 0;
  #startedAt = 0;
  #gave = false;

  constructor(session: Session, query: CursorQuery) {
    super({ highWaterMark: bufferBytes });
    this.#session = session;
    this.#query = query;
    this.#finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    // Whoever reads gets the error; where nobody reads any more, a lost connection must not end the process.
    this.on('error', () => undefined);
  }

  override _read(): void {
    this.#wanted?.();
    this.#fetch?.resume();
    if (this.#state === 'new') void this.#readAll();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#wanted?.();
    const open = this.#state === 'reading';
    this.#over();
    if (open) void this.#session.close().then(() => callback(error));
    else callback(error);
  }

  async #readAll(): Promise<void> {
    this.#state = 'reading';
    try {
      await this.#query.turn(this.#finished);
      await this.#declareAndFetch();
      await this.#session.execute(`CLOSE ${cursor}`);
      this.#over();
      this.push(null);
    } catch (error) {
      // Whoever destroyed the stream has told its readers why, and ends the session.
      if (this.destroyed) return;
      this.#over();
      this.destroy(this.#query.explain(error, this.#startedAt));
    }
  }

  async #declareAndFetch(): Promise<void> {
    try {
      await this.#declare();
      await this.#fetchAll();
    } catch (error) {
      if (this.#gave || !(await this.#query.recover(error))) throw error;
      await this.#declare();
      await this.#fetchAll();
    }
  }

  async #declare(): Promise<void> {
    this.#startedAt = Date.now();
    const text = `DECLARE ${cursor} CURSOR FOR\n${this.#query.statement}`;
    await this.#session.busy(() => this.#session.submit(new SingleStatement(text)).done);
  }

  /** The first FETCH runs the query, and stores its result in the leader node; the others only read that. */
  async #fetchAll(): Promise<void> {
    for (;;) {
      const size = this.#query.fetchSize();
      const fetch = new Fetch(`FETCH FORWARD ${size} FROM ${cursor}`, (cells) => this.#take(copyLine(cells)));
      this.#startedAt = Date.now();
      this.#fetch = fetch;
      await this.#session
        .busy(() => this.#session.submit(fetch).done)
        .finally(() => {
          // The connection is needed for what comes after, too.
          fetch.resume();
          this.#fetch = undefined;
        });
      const wantsMore = this.#flush();
      if (fetch.rows < size) return;
      if (!wantsMore) await this.#demand();
    }
  }

  #take(line: string): void {
    this.#gave = true;
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= bufferBytes && !this.#flush()) this.#fetch?.pause();
  }

  /** Whether the reader wants more. */
  #flush(): boolean {
    if (this.#length === 0 || this.destroyed) return !this.destroyed;
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#length = 0;
    return this.push(bytes);
  }

  async #demand(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wanted = resolve;
    });
    this.#wanted = undefined;
    if (this.destroyed) throw new Error('Nobody reads on.');
  }

  #over(): void {
    this.#state = 'over';
    this.#finish();
  }
}
