import { PassThrough, Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { eachPart, PART_ROWS } from '../../store/staged-parts.js';
import { TooManyRows, type RowMeter } from '../../store/row-meter.js';
import { copyIntoStaging, createStaging, qualified } from '../../store/staging.js';
import { newWorkspace, useStore } from '../support/store-database.js';
import { columnsOf, settingsOf, stageImport } from '../support/store-import.js';

const database = useStore('staged_parts');

/** An import's staging table of two columns, and what it takes to copy into it. */
async function newStaging({ maxRows = Infinity } = {}) {
  const { store } = database;
  const options = { workspace: newWorkspace(), columns: ['id', 'note'] };
  const { key } = await stageImport(store, { ...options, rows: [] });
  const table = await createStaging(store, key, {
    subject: { kind: 'people', identifyBy: 'id' },
    settings: settingsOf(options),
    columns: columnsOf(options.columns),
  });
  const meter: RowMeter = { rows: 0, bytes: 0, maxRows, query: 'main' };
  const copy = (rows: Readable, signal?: AbortSignal) =>
    copyIntoStaging(store, { table, columns: 2, encoding: 'UTF8' }, rows, meter, signal);
  return { store, table: qualified(table), meter, copy };
}

test("rows have the source's numbers, in however many parts and over however many connections they came", async () => {
  const { store, table, meter, copy } = await newStaging();
  const count = 3 * PART_ROWS + 17;
  const texts = Array.from({ length: count }, (_, at) => `${at + 1}\t${'x'.repeat(at % 90)}\n`).join('');
  const text = Buffer.from(texts);
  const pieces = Array.from({ length: Math.ceil(text.length / 10_007) }, (_, at) =>
    text.subarray(at * 10_007, (at + 1) * 10_007),
  );
  expect(await copy(Readable.from(pieces))).toBe(count);
  expect(meter).toMatchObject({ rows: count, bytes: text.length });
  const { rows } = await store.pool.query(
    `SELECT count(*) AS rows, count(DISTINCT n) AS numbers, max(n) AS last, bool_and(n = c1::bigint) AS right FROM ${table}`,
  );
  expect(rows).toEqual([{ rows: count, numbers: count, last: count, right: true }]);
});

test('a row of many megabytes passes as it comes, and is not held', async () => {
  const meter: RowMeter = { rows: 0, bytes: 0, maxRows: Infinity, query: 'main' };
  const piece = Buffer.alloc(64 * 1024, 'y');
  const pieces = [
    Buffer.from('1\tx\n2\t'),
    ...Array.from({ length: 1024 }, () => piece),
    Buffer.from('\n3\tz\n'),
  ];
  const parts: Record<number, object> = {};
  const copied = await eachPart(Readable.from(pieces), meter, undefined, async ({ first, text }) => {
    const readBefore = meter.bytes;
    let bytes = 0;
    for await (const { length } of text) bytes += length;
    parts[first] = { bytes, readBeforeMB: Math.round(readBefore / 2 ** 20) };
    return first === 1 ? 2 : 1;
  });
  expect(copied).toBe(3);
  expect(parts).toEqual({
    1: { bytes: 6 + 2 ** 26 + 1, readBeforeMB: 4 },
    3: { bytes: 4, readBeforeMB: 64 },
  });
});

test('a row of many megabytes comes into the table whole, between its neighbours', async () => {
  const { store, table, copy } = await newStaging();
  const long = 'y'.repeat(9 * 1024 * 1024);
  expect(await copy(Readable.from([Buffer.from(`1\tx\n2\t${long}\n3\tz\n`)]))).toBe(3);
  const { rows } = await store.pool.query(`SELECT n, c1, length(c2) AS length FROM ${table} ORDER BY n`);
  expect(rows).toEqual([
    { n: 1, c1: '1', length: 1 },
    { n: 2, c1: '2', length: long.length },
    { n: 3, c1: '3', length: 1 },
  ]);
});

test('what the store refuses ends the copy, even while the source gives nothing more', async () => {
  const { copy } = await newStaging();
  const rows = new PassThrough();
  const copied = copy(rows);
  rows.write('1\tx\ttoo many cells\n'.repeat(PART_ROWS));
  await expect(copied).rejects.toThrow('extra data after last expected column');
  expect(rows.destroyed).toBe(true);
});

test('what the store refuses is told in its own words, whatever those are in which the source ends', async () => {
  const { copy } = await newStaging();
  async function* pages(): AsyncGenerator<Buffer> {
    try {
      yield Buffer.from('1\tx\ttoo many cells\n'.repeat(PART_ROWS));
      await vi.waitFor(() => expect(rows.destroyed).toBe(true));
      yield Buffer.from('2\tx\n');
    } catch (cause) {
      throw new Error('the source is at fault', { cause });
    }
  }
  const rows = Readable.from(pages());
  await expect(copy(rows)).rejects.toThrow('extra data after last expected column');
});

test('what the store refuses of a very long row ends the copy, though the row never does', async () => {
  const { copy } = await newStaging();
  const rows = new PassThrough();
  const copied = copy(rows);
  rows.write('1\tx\ttoo many cells\n');
  rows.write(Buffer.alloc(9 * 1024 * 1024, 'y'));
  await expect(copied).rejects.toThrow('extra data after last expected column');
  expect(rows.destroyed).toBe(true);
});

test('more rows than a sync may have end the copy', async () => {
  const { copy } = await newStaging({ maxRows: 2 });
  const rows = new PassThrough();
  const copied = copy(rows);
  rows.write('1\tx\n2\ty\n3\tz\n');
  await expect(copied).rejects.toThrow(TooManyRows);
});

test('a source that fails ends the copy with its error, and what was being copied has come to its end', async () => {
  const { store, copy, meter } = await newStaging();
  const rows = new PassThrough();
  const copied = copy(rows);
  rows.write('1\tx\n'.repeat(PART_ROWS + 1));
  await vi.waitFor(() => expect(meter.rows).toBe(PART_ROWS + 1));
  rows.destroy(new Error('the source is gone'));
  await expect(copied).rejects.toThrow('the source is gone');
  const { rowCount } = await store.pool.query(
    `SELECT FROM pg_stat_activity WHERE state <> 'idle' AND datname = current_database() AND pid <> pg_backend_pid()`,
  );
  expect(rowCount).toBe(0);
});

test('a source that fails in the midst of a very long row ends the copy with its error', async () => {
  const { copy } = await newStaging();
  const rows = new PassThrough();
  const copied = copy(rows);
  rows.write(Buffer.concat([Buffer.from('1\t'), Buffer.alloc(9 * 1024 * 1024, 'y')]));
  await vi.waitFor(() => expect(rows.readableLength).toBe(0));
  rows.destroy(new Error('the source is gone'));
  await expect(copied).rejects.toThrow('the source is gone');
});

test('a copy that is canceled ends, though the source thinks', async () => {
  const { copy } = await newStaging();
  const canceling = new AbortController();
  const copied = copy(new PassThrough(), canceling.signal);
  canceling.abort();
  await expect(copied).rejects.toThrow('aborted');
});
