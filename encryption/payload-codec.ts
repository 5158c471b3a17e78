import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { EncryptionError } from './encryption-error.js';
import { KEYS_VARIABLE, type EncryptionKey, type EncryptionKeys } from './keys.js';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What Temporal's own samples call an encrypted payload, so that its UI and CLI know it for one. */
export const ENCRYPTED = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';

const Message = proto.temporal.api.common.v1.Payload;

/**
 * Encrypts payloads, whole, with AES-256-GCM. In `data` stand the IV (12 bytes, random for each), what was encrypted and
 * the tag (16 bytes); in the metadata, for everybody to read, the key's id. What was written without encryption passes.
 */
export class EncryptingCodec implements PayloadCodec {
  readonly #first: EncryptionKey | undefined;
  readonly #secrets: ReadonlyMap<string, Buffer>;

  /** @param keys none: nothing is encrypted, and what is can't be read */
  constructor(keys: EncryptionKeys) {
    this.#first = keys[0];
    this.#secrets = new Map(keys.map(({ id, secret }) => [id, secret]));
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    const key = this.#first;
    return Promise.resolve(key === undefined ? payloads : payloads.map((payload) => encrypt(payload, key)));
  }

  /** Rejects with EncryptionError where a key isn't there, or a payload isn't what its key encrypted. */
  decode(payloads: Payload[]): Promise<Payload[]> {
    return new Promise((resolve) => resolve(payloads.map((payload) => this.#decrypt(payload))));
  }

  #decrypt(payload: Payload): Payload {
    if (textOf(payload, 'encoding') !== ENCRYPTED) return payload;
    const id = textOf(payload, KEY_ID);
    if (id === undefined) throw new EncryptionError(foreign);
    const secret = this.#secrets.get(id);
    if (secret === undefined) throw new EncryptionError(missing(id, [...this.#secrets.keys()]));
    return decrypt(payload, id, secret);
  }
}

function encrypt(payload: Payload, { id, secret }: EncryptionKey): Payload {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, secret, iv).setAAD(boundTo(id));
  const data = Buffer.concat([
    iv,
    cipher.update(Message.encode(payload).finish()),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return { metadata: { encoding: Buffer.from(ENCRYPTED), [KEY_ID]: Buffer.from(id) }, data };
}

function decrypt({ data }: Payload, id: string, secret: Buffer): Payload {
  const bytes = Buffer.from(data ?? []);
  if (bytes.length < IV_BYTES + TAG_BYTES) throw new EncryptionError(changed(id));
  const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(boundTo(id))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const message = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    return Message.decode(message);
  } catch {
    throw new EncryptionError(changed(id));
  }
}

/**
 * A payload's metadata can't be changed without notice. It is bound to nothing else: Temporal hands one and the same
 * payload on, from a command to a workflow and from one run to the next.
 */
const boundTo = (id: string) => Buffer.from(`${ENCRYPTED}\n${id}`);

function textOf({ metadata }: Payload, name: string): string | undefined {
  const value = metadata?.[name];
  return value ? Buffer.from(value).toString() : undefined;
}

const foreign =
  'What Temporal has here is encrypted, and not by Inlet: it names no key. Something else writes to these workflows.';

function missing(id: string, there: string[]): string {
  const named = JSON.stringify(id.slice(0, 100));
  if (there.length === 0)
    return `What Temporal has here is encrypted with the key ${named}, and ${KEYS_VARIABLE} is not set. Set it as the worker that wrote it has it (docs/encryption.md).`;
  return `What Temporal has here is encrypted with the key ${named}, which is not in ${KEYS_VARIABLE} (there: ${there.join(', ')}). Add that key back, after the others: it is then used to decrypt only (docs/encryption.md).`;
}

const changed = (id: string) =>
  `What Temporal has here says that the key "${id}" encrypted it, but that key doesn't open it. Either ${KEYS_VARIABLE} has another key under this id, or the text was changed.`;
