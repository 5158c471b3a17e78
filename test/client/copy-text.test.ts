import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { copyRows, type CopyRow } from '../../client/copy-text.js';

async function decode(...chunks: Buffer[]): Promise<CopyRow[]> {
  const rows: CopyRow[] = [];
  for await (const row of copyRows(Readable.from(chunks))) rows.push(row);
  return rows;
}

describe('COPY text', () => {
  it('tells NULL from the empty text and from the letters \\N', async () => {
    expect(await decode(Buffer.from('\\N\t\t\\\\N\n'))).toEqual([[null, '', '\\N']]);
  });

  it('decodes every escape', async () => {
    expect(await decode(Buffer.from('a\\tb\\nc\\rd\\\\e\\bf\\fg\\vh\\x41\\101\\q\\.\n'))).toEqual([
      ['a\tb\nc\rd\\e\bf\fg\vhAAq.'],
    ]);
  });

  it('reads UTF-8 whose bytes are spread over chunks and beside escapes', async () => {
    const bytes = Buffer.from('Žofie 李\\t👩\tx\nnext\ty\n');
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(await decode(...single)).toEqual([
      ['Žofie 李\t👩', 'x'],
      ['next', 'y'],
    ]);
  });

  it('shows bytes that are not UTF-8 escaped, in their cell alone', async () => {
    const bytes = Buffer.concat([Buffer.from('a\\\\b'), Buffer.from([0xff]), Buffer.from('\té\\\\\n')]);
    expect(await decode(bytes)).toEqual([['a\\\\b\\377', 'é\\']]);
  });

  it('gives no row for no bytes', async () => {
    expect(await decode()).toEqual([]);
  });
});
