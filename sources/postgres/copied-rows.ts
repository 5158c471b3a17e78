import { Readable } from 'node:stream';
import { to as copyTo, type CopyToStreamQuery } from 'pg-copy-streams';
import type { Session } from './session.js';

const bufferBytes = 64 * 1024;

/**
 * The rows of a query as the bytes that COPY sends, undecoded, as fast as they are read. COPY begins with the first
 * read; a reader that stops early (`destroy`) cancels it and ends the session.
 */
export class CopiedRows extends Readable {
  readonly #session: Session;
  readonly #query: string;
  readonly #explain: (error: unknown, startedAt: number) => Error;
  #copy: CopyToStreamQuery | undefined;
  #release: (() => void) | undefined;

  /** @param explain makes a failure fit to be shown, knowing since when the statement ran */
  constructor(session: Session, query: string, explain: (error: unknown, startedAt: number) => Error) {
    super({ highWaterMark: bufferBytes });
    this.#session = session;
    this.#query = query;
    this.#explain = explain;
    // Whoever reads gets the error; where nobody reads any more, a lost connection must not end the process.
    this.on('error', () => undefined);
  }

  override _read(): void {
    this.#copy ??= this.#start();
    this.#copy.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#release === undefined) callback(error);
    else void this.#session.close().then(() => callback(error));
  }

  #start(): CopyToStreamQuery {
    const startedAt = Date.now();
    this.#release = this.#session.occupy();
    const copy = this.#session.submit(
      copyTo(`COPY (\n${this.#query}\n) TO STDOUT`, { highWaterMark: bufferBytes }),
    );
    copy.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) copy.pause();
    });
    copy.once('end', () => {
      this.#finish();
      this.push(null);
    });
    copy.on('error', (error) => {
      // It must not be read again: it would take what belongs to the connection.
      copy.destroy();
      this.#finish();
      this.destroy(this.#explain(error, startedAt));
    });
    return copy;
  }

  #finish(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
