import { once } from 'node:events';
import { PassThrough, Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TooManyRows, type RowMeter } from './row-meter.js';

/** Rows of COPY text that go to the store together, undecoded. */
export interface Part {
  /** The number of the first of them, from 1. */
  first: number;
  text: Iterable<Buffer> | AsyncIterable<Buffer>;
}

/** Copies a part, and gives how many rows it had. */
type CopyPart = (part: Part) => Promise<number>;

/** A part ends with the row that reaches one of these. */
const PART_BYTES = 2 * 1024 * 1024;
export const PART_ROWS = 50_000;
/** So much of a part is held while the end of its last row is awaited. A longer row passes as it comes. */
const HELD_BYTES = 2 * PART_BYTES;

/** To read from the source is less than half the work of writing to the store, where one core does one part. */
export const PARTS_AT_ONCE = 2;

const LINE_FEED = 0x0a;

/**
 * Gives each part of a stream of COPY text to `copy`, several at once, while the next is read. The meter counts rows and bytes.
 * @returns the sum of what `copy` gives
 * @throws TooManyRows, or whatever fails first, once nothing goes on any more; the stream is destroyed then
 */
export async function eachPart(
  rows: Readable,
  meter: RowMeter,
  signal: AbortSignal | undefined,
  copy: CopyPart,
): Promise<number> {
  const parts = new Parts(meter, copy);
  try {
    await pipeline(rows, parts, signal === undefined ? {} : { signal });
  } finally {
    await parts.settled();
  }
  if (parts.copied !== meter.rows)
    throw new Error(`The source gave ${meter.rows} rows, of which ${parts.copied} are staged.`);
  return parts.copied;
}

/**
 * Cuts COPY text into parts. What comes is gathered in a few buffers that are used again and again: the chunks of a network
 * stream, kept for a part's time, would grow old, and have the whole heap searched for them.
 */
class Parts extends Writable {
  readonly #meter: RowMeter;
  readonly #copy: CopyPart;
  readonly #copying = new Set<Promise<void>>();
  readonly #unused: Buffer[] = [];
  /** The part that is gathered: its first row's number, and its text so far. */
  #first = 1;
  #buffer: Buffer = Buffer.allocUnsafeSlow(HELD_BYTES);
  #filled = 0;
  /** Takes what is left of a very long row. */
  #longRow: PassThrough | null = null;
  copied = 0;

  constructor(meter: RowMeter, copy: CopyPart) {
    super({ highWaterMark: PART_BYTES });
    this.#meter = meter;
    this.#copy = copy;
  }

  override _write(chunk: Buffer, _encoding: unknown, done: (error?: Error) => void): void {
    this.#meter.bytes += chunk.length;
    this.#take(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#end().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Or whoever copies it would wait for its end.
    this.#longRow?.destroy(error ?? undefined);
    done(error);
  }

  /** Resolves once no part is being copied any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#copying);
  }

  async #take(chunk: Buffer): Promise<void> {
    for (let left = chunk; left.length > 0;) {
      const taken =
        this.#longRow === null ? await this.#gather(left) : await this.#passOn(left, this.#longRow);
      left = left.subarray(taken);
    }
  }

  async #end(): Promise<void> {
    // A source that ends its last row has nothing left here.
    if (this.#longRow !== null) this.#longRow.end();
    else if (this.#filled > 0) {
      if (this.#buffer[this.#filled - 1] !== LINE_FEED) this.#countRow();
      await this.#beginPart(this.#gathered());
    }
    await Promise.all(this.#copying);
  }

  /** @returns how many bytes it took */
  async #gather(text: Buffer): Promise<number> {
    const end = this.#endOfPart(text);
    const taken = text.copy(this.#buffer, this.#filled, 0, end ?? text.length);
    this.#filled += taken;
    if (end !== null) await this.#beginPart(this.#gathered());
    else if (this.#filled === HELD_BYTES) await this.#beginLongRow();
    return taken;
  }

  /** Where the row ends by which the part is complete, if the text has that; counts rows until there. */
  #endOfPart(text: Buffer): number | null {
    for (let at = text.indexOf(LINE_FEED); at >= 0; at = text.indexOf(LINE_FEED, at + 1)) {
      const bytes = this.#filled + at + 1;
      if (bytes > HELD_BYTES) return null;
      this.#countRow();
      if (bytes >= PART_BYTES || this.#meter.rows - this.#first + 1 >= PART_ROWS) return at + 1;
    }
    return null;
  }

  #countRow(): void {
    this.#meter.rows += 1;
    if (this.#meter.rows > this.#meter.maxRows) throw new TooManyRows(this.#meter);
  }

  async #beginLongRow(): Promise<void> {
    const longRow = new PassThrough();
    this.#longRow = longRow;
    const gathered = this.#gathered();
    this.#countRow();
    await this.#beginPart(following(gathered, longRow));
  }

  async #passOn(text: Buffer, longRow: PassThrough): Promise<number> {
    const lineFeed = text.indexOf(LINE_FEED);
    const taken = lineFeed < 0 ? text.length : lineFeed + 1;
    if (!longRow.write(text.subarray(0, taken))) await once(longRow, 'drain');
    if (lineFeed >= 0) {
      longRow.end();
      this.#longRow = null;
    }
    return taken;
  }

  #gathered(): Buffer[] {
    return [this.#buffer.subarray(0, this.#filled)];
  }

  /** Begins to copy what was gathered, once one of the others is through, and goes on with the next part. */
  async #beginPart(text: Part['text']): Promise<void> {
    while (this.#copying.size >= PARTS_AT_ONCE) await Promise.race(this.#copying);
    if (this.destroyed) throw new Error('The copy was ended while a part waited.');
    const buffer = this.#buffer;
    const one = this.#copy({ first: this.#first, text })
      .then(
        (count) => {
          this.copied += count;
          this.#unused.push(buffer);
        },
        (error: unknown) => {
          // Whoever writes finds out by this, even while the source gives nothing.
          this.destroy(error instanceof Error ? error : new Error('A part failed.', { cause: error }));
          throw error;
        },
      )
      .finally(() => this.#copying.delete(one));
    one.catch(() => undefined);
    this.#copying.add(one);
    this.#first = this.#meter.rows + 1;
    this.#buffer = this.#unused.pop() ?? Buffer.allocUnsafeSlow(HELD_BYTES);
    this.#filled = 0;
  }
}

async function* following(some: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* some;
  yield* rest;
}
