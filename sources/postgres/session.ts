import type { QueryResultRow, Submittable } from 'pg';
import type { Address } from './address.js';
import { cancel } from './cancel.js';
import { connect, type Connected } from './connect.js';
import { isDatabaseError } from './failure-kinds.js';

const closingMs = 3_000;

/**
 * A connection for one piece of work. It ends with `close`, or when the signal is aborted: then what it runs is
 * cancelled on the server before the socket goes, so that nothing is left running there.
 */
export class Session {
  readonly #connected: Connected;
  readonly #address: Address;
  readonly #signal: AbortSignal;
  readonly #onEnd: () => void;
  #running = 0;
  #ended: Promise<void> | undefined;

  private constructor(address: Address, connected: Connected, signal: AbortSignal, onEnd: () => void) {
    this.#address = address;
    this.#connected = connected;
    this.#signal = signal;
    this.#onEnd = onEnd;
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** @throws SourceError of phase `connect`; the signal's reason if it is aborted */
  static async open(address: Address, signal: AbortSignal, onEnd: () => void): Promise<Session> {
    signal.throwIfAborted();
    const session = new Session(address, await connect(address, signal), signal, onEnd);
    if (signal.aborted) await session.close();
    signal.throwIfAborted();
    return session;
  }

  /** How this connection was made; `cancelKey.processId` is the server's own only where no pooler is in between. */
  get connected(): Connected {
    return this.#connected;
  }

  /** Runs one statement of ours and gives its rows. */
  async query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    const { rows } = await this.busy(() => this.#connected.client.query<Row>(text, values));
    return rows;
  }

  /** Runs statements of ours that give no rows. */
  async execute(statements: string): Promise<void> {
    await this.busy(() => this.#connected.client.query(statements));
  }

  /** Sends what speaks the protocol by itself; to be called within `busy`, or while `occupy` holds. */
  submit<T extends Submittable>(statement: T): T {
    return this.#connected.client.query(statement);
  }

  /** Marks the connection as busy while something runs on it; an error says how the connection was lost, if it was. */
  async busy<T>(work: () => Promise<T>): Promise<T> {
    const release = this.occupy();
    try {
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      throw isDatabaseError(error) ? error : (this.#connected.lost() ?? error);
    } finally {
      release();
    }
  }

  /** Until what it gives is called, closing cancels what runs. */
  occupy(): () => void {
    this.#running += 1;
    let held = true;
    return () => {
      if (held) this.#running -= 1;
      held = false;
    };
  }

  /** Whether `close` was called, or the signal aborted. */
  get closing(): boolean {
    return this.#ended !== undefined;
  }

  /** Ends the transaction, so that a pooler can go on with its connection, and then ours. Safe to call twice. */
  close(): Promise<void> {
    this.#ended ??= this.#running > 0 ? this.#abandon() : this.#leave();
    return this.#ended;
  }

  readonly #abort = (): void => void this.close();

  async #leave(): Promise<void> {
    const { client } = this.#connected;
    const giveUp = setTimeout(() => client.connection.stream.destroy(), closingMs);
    try {
      if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
    } catch {
      // The connection is gone, and the transaction with it.
    }
    await this.#hangUp();
    clearTimeout(giveUp);
  }

  async #abandon(): Promise<void> {
    if (this.#running > 0) await cancel(this.#address, this.#connected);
    this.#connected.client.connection.stream.destroy();
    await this.#hangUp();
  }

  async #hangUp(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#abort);
    await this.#connected.client.end();
    this.#onEnd();
  }
}
