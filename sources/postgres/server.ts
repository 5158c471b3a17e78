import type { Address } from './address.js';
import { Session } from './session.js';

/** A database server, and our sessions with it. */
export class Server {
  readonly address: Address;
  readonly #sessions = new Set<Session>();

  constructor(address: Address) {
    this.address = address;
  }

  /** @throws SourceError of phase `connect`; the signal's reason if it is aborted */
  async connect(signal: AbortSignal): Promise<Session> {
    const session = await Session.open(this.address, signal, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    return session;
  }

  /** Ends every session; what they run is cancelled. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
  }
}
