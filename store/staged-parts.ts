import { addAbortSignal, type Readable } from 'node:stream';
import { TooManyRows, type RowMeter } from './row-meter.js';

/** Rows of COPY text that go to the store together. */
export interface Part {
  /** The number of the first of them, from 1, and how many they are. */
  first: number;
  rows: number;
  text: Buffer[];
}

/** A part ends with the row that reaches one of these. */
const PART_BYTES = 2 * 1024 * 1024;
export const PART_ROWS = 50_000;

const LINE_FEED = 0x0a;

/** Cuts COPY text into parts, undecoded, and counts the rows. Throws TooManyRows, and what the stream fails with. */
export async function* partsOf(rows: Readable, meter: RowMeter): AsyncGenerator<Part> {
  let part: Part = { first: 1, rows: 0, text: [] };
  let bytes = 0;
  const chunks: AsyncIterable<Buffer> = rows;
  for await (const chunk of chunks) {
    meter.bytes += chunk.length;
    let from = 0;
    // A line feed ends a row there, and occurs nowhere else.
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) {
      part.rows += 1;
      meter.rows += 1;
      if (part.rows < PART_ROWS && bytes + at - from < PART_BYTES) continue;
      if (meter.rows > meter.maxRows) throw new TooManyRows(meter);
      part.text.push(chunk.subarray(from, at + 1));
      yield part;
      part = { first: part.first + part.rows, rows: 0, text: [] };
      bytes = 0;
      from = at + 1;
    }
    if (meter.rows > meter.maxRows) throw new TooManyRows(meter);
    if (from < chunk.length) part.text.push(chunk.subarray(from));
    bytes += chunk.length - from;
  }
  if (part.text.length > 0) yield part;
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
  const begin = (part: Part) => {
    const one = copy(part)
      .then(
        (count) => void (sum += count),
        (error: unknown) => {
          // Whoever reads finds out by this, even while the source gives nothing.
          rows.destroy(error instanceof Error ? error : new Error('A part failed.', { cause: error }));
          throw error;
        },
      )
      .finally(() => copying.delete(one));
    one.catch(() => undefined);
    copying.add(one);
  };
  try {
    for await (const part of partsOf(rows, meter)) {
      while (copying.size >= PARTS_AT_ONCE) await Promise.race(copying);
      begin(part);
    }
    await Promise.all(copying);
    return sum;
  } finally {
    await Promise.allSettled(copying);
  }
}
