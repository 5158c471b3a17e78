import type { Connection, Submittable } from 'pg';

/** What two statements of the protocol have in common: they are over when the server is ready for the next. */
abstract class Statement implements Submittable {
  readonly done: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  abstract submit(connection: Connection): void;

  /** node-postgres calls these by name. */
  handleRowDescription(): void {
    // It was described before.
  }

  handleCommandComplete(): void {
    // `done` waits for the server to be ready.
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve();
  }
}

/**
 * Runs a text by the extended protocol, which takes no more than one statement, whatever is in it.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export class SingleStatement extends Statement {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  submit(connection: Connection): void {
    connection.stream.cork();
    connection.parse({ name: '', text: this.#text, types: [] }, true);
    connection.bind({}, true);
    connection.execute({}, true);
    connection.sync();
    connection.stream.uncork();
  }
}

/** A cell as the server wrote it; null for NULL. */
export type Cell = string | null;

/** Runs a statement of ours by the simple protocol, whose values are always text, and gives its rows as they come. */
export class Fetch extends Statement {
  rows = 0;
  readonly #text: string;
  readonly #onRow: (cells: Cell[]) => void;
  #connection: Connection | undefined;

  constructor(text: string, onRow: (cells: Cell[]) => void) {
    super();
    this.#text = text;
    this.#onRow = onRow;
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.query(this.#text);
  }

  handleDataRow({ fields }: { fields: Cell[] }): void {
    this.rows += 1;
    this.#onRow(fields);
  }

  /** Reads no more from the network until `resume`; what has arrived still comes. */
  pause(): void {
    this.#connection?.stream.pause();
  }

  resume(): void {
    this.#connection?.stream.resume();
  }
}
