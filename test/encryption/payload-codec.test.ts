import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { EncryptionError } from '../../encryption/encryption-error.js';
import { EncryptingCodec } from '../../encryption/payload-codec.js';

const recent = { id: '2026-11', secret: Buffer.alloc(32, 1) };
const old = { id: '2026-05', secret: Buffer.alloc(32, 2) };
const value = { query: 'SELECT 1', rows: 3 };
const plain = defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload | undefined): unknown =>
  payload && defaultPayloadConverter.fromPayload(payload);

async function encrypted(codec: EncryptingCodec): Promise<Payload> {
  const [payload] = await codec.encode([plain]);
  if (payload === undefined) throw new Error('nothing came back');
  return payload;
}

describe('the codec', () => {
  it('encrypts with the first key, and says which it was', async () => {
    const payload = await encrypted(new EncryptingCodec([recent, old]));
    expect(Buffer.from(payload.metadata?.['encryption-key-id'] ?? []).toString()).toBe('2026-11');
    expect(Buffer.from(payload.data ?? []).includes('SELECT')).toBe(false);
    expect(valueOf((await new EncryptingCodec([old, recent]).decode([payload]))[0])).toEqual(value);
  });

  it('never writes the same twice', async () => {
    const codec = new EncryptingCodec([recent]);
    const [one, other] = await codec.encode([plain, plain]);
    expect(Buffer.from(one?.data ?? []).equals(Buffer.from(other?.data ?? []))).toBe(false);
  });

  it('reads what was written before there were keys, and writes so without any', async () => {
    expect(valueOf((await new EncryptingCodec([recent]).decode([plain]))[0])).toEqual(value);
    expect(await new EncryptingCodec([]).encode([plain])).toEqual([plain]);
  });

  it('names the key that is missing', async () => {
    const payload = await encrypted(new EncryptingCodec([recent]));
    await expect(new EncryptingCodec([old]).decode([payload])).rejects.toThrow(
      /with the key "2026-11", which is not in INLET_ENCRYPTION_KEYS \(there: 2026-05\)\. Add that key back/,
    );
    await expect(new EncryptingCodec([]).decode([payload])).rejects.toThrow(EncryptionError);
  });

  it.each([
    ['a changed byte', (data: Buffer) => Buffer.from(data.map((byte, at) => (at === 20 ? byte ^ 1 : byte)))],
    ['a tag that was cut off', (data: Buffer) => data.subarray(0, -1)],
    ['next to nothing', (data: Buffer) => data.subarray(0, 5)],
  ])('opens nothing with %s', async (_, change) => {
    const codec = new EncryptingCodec([recent]);
    const payload = await encrypted(codec);
    const data = change(Buffer.from(payload.data ?? []));
    await expect(codec.decode([{ ...payload, data }])).rejects.toThrow(
      'says that the key "2026-11" encrypted it, but that key doesn\'t open it',
    );
  });

  it('opens nothing under the id of another key, even where both are the same', async () => {
    const codec = new EncryptingCodec([recent, { id: 'twin', secret: recent.secret }]);
    const payload = await encrypted(codec);
    const metadata = { ...payload.metadata, 'encryption-key-id': Buffer.from('twin') };
    await expect(codec.decode([{ ...payload, metadata }])).rejects.toThrow(EncryptionError);
  });
});
