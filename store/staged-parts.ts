import { addAbortSignal, type Readable } from 'node:stream';
import { TooManyRows, type RowMeter } from './row-meter.js';

/** Rows of COPY text that go to the store together. */
export interface Part {
  /** The number of the first of them, from 1. */
  first: number;
  text: Iterable<Buffer> | AsyncIterable<Buffer>;
  /** The last row is still coming: the text must be read to its end before the next part is asked for. */
  isOpen: boolean;
}

/** A part ends with the row that reaches one of these. */
const PART_BYTES = 2 * 1024 * 1024;
export const PART_ROWS = 50_000;
/** So much of a part may be held while the end of its last row is awaited. */
const HELD_BYTES = 2 * PART_BYTES;

const LINE_FEED = 0x0a;

/**
 * Cuts COPY text into parts, undecoded, and counts the rows. A very long row passes as it comes, and is never held. Throws TooManyRows, and what the stream fails with.
 */
export async function* partsOf(rows: Readable, meter: RowMeter): AsyncGenerator<Part> {
  const text = new CopyText(rows, meter);
  try {
    while (!(await text.isAtEnd())) {
      const first = meter.rows + 1;
      const { pieces, isWhole } = await text.part();
      refuseTooMany(meter);
      yield isWhole
        ? { first, text: pieces, isOpen: false }
        : { first, text: following(pieces, text.restOfRow()), isOpen: true };
      refuseTooMany(meter);
    }
  } finally {
    await text.close();
  }
}

function refuseTooMany(meter: RowMeter): void {
  if (meter.rows > meter.maxRows) throw new TooManyRows(meter);
}

async function* following(some: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* some;
  yield* rest;
}

/** COPY text as it is read. A line feed ends a row there, and occurs nowhere else. */
class CopyText {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #meter: RowMeter;
  /** What was read and not taken. */
  #next: Buffer = Buffer.alloc(0);

  constructor(rows: Readable, meter: RowMeter) {
    const chunks: AsyncIterable<Buffer> = rows;
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#meter = meter;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#next.length === 0) {
      const read = await this.#chunks.next();
      if (read.done === true) return true;
      this.#meter.bytes += read.value.length;
      this.#next = read.value;
    }
    return false;
  }

  /** Takes rows until there are enough; not whole if the last of them is too long for that. */
  async part(): Promise<{ pieces: Buffer[]; isWhole: boolean }> {
    const meter = this.#meter;
    const maxRows = Math.min(meter.rows + PART_ROWS, meter.maxRows + 1);
    const pieces: Buffer[] = [];
    let bytes = 0;
    while (!(await this.isAtEnd())) {
      const piece = this.#next;
      for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, at + 1)) {
        meter.rows += 1;
        if (meter.rows < maxRows && bytes + at < PART_BYTES) continue;
        pieces.push(this.#take(at + 1));
        return { pieces, isWhole: true };
      }
      pieces.push(this.#take(piece.length));
      bytes += piece.length;
      if (bytes >= HELD_BYTES) return { pieces, isWhole: false };
    }
    if (pieces.at(-1)?.at(-1) !== LINE_FEED) meter.rows += 1;
    return { pieces, isWhole: true };
  }

  /** What is left of a row, as it comes. */
  async *restOfRow(): AsyncGenerator<Buffer> {
    this.#meter.rows += 1;
    while (!(await this.isAtEnd())) {
      const end = this.#next.indexOf(LINE_FEED);
      yield this.#take(end < 0 ? this.#next.length : end + 1);
      if (end >= 0) return;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #take(length: number): Buffer {
    const taken = this.#next.subarray(0, length);
    this.#next = this.#next.subarray(length);
    return taken;
  }
}

/** To read from the source is less than half the work of writing to the store, where one core does one part. */
const PARTS_AT_ONCE = 2;

/**
 * Gives each part of a stream to `copy`, several at once, while the next is read.
 * @returns the sum of what `copy` gives
 * @throws whatever fails first, once nothing goes on any more; the stream is destroyed then
 */
export async function eachPart(
  rows: Readable,
  meter: RowMeter,
  signal: AbortSignal | undefined,
  copy: (part: Part) => Promise<number>,
): Promise<number> {
  if (signal !== undefined) addAbortSignal(signal, rows);
  const copying = new Set<Promise<void>>();
  let sum = 0;
  let refusal: { error: unknown } | undefined;
  const begin = (part: Part): Promise<void> => {
    const one = copy(part)
      .then(
        (count) => void (sum += count),
        (error: unknown) => {
          refusal ??= { error };
          // Whoever reads finds out by this, even while the source gives nothing.
          rows.destroy(error instanceof Error ? error : new Error('A part failed.', { cause: error }));
          throw error;
        },
      )
      .finally(() => copying.delete(one));
    one.catch(() => undefined);
    copying.add(one);
    return one;
  };
  try {
    for await (const part of partsOf(rows, meter)) {
      while (copying.size >= PARTS_AT_ONCE) await Promise.race(copying);
      const one = begin(part);
      if (part.isOpen) await one;
    }
    await Promise.all(copying);
  } catch (error) {
    // What was destroyed for a refusal may have its own words for it.
    throw refusal === undefined ? error : refusal.error;
  } finally {
    await Promise.allSettled(copying);
  }
  if (sum !== meter.rows) throw new Error(`The source gave ${meter.rows} rows, of which ${sum} are staged.`);
  return sum;
}
