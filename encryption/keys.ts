import { ConfigError, type ConfigProblem } from '../config/config-error.js';
import type { Environment } from '../config/environment.js';

/** The variable that holds the keys (docs/encryption.md). */
export const KEYS_VARIABLE = 'INLET_ENCRYPTION_KEYS';

/** AES-256's. */
const KEY_BYTES = 32;

export interface EncryptionKey {
  /** Stands beside what the key encrypted, for everybody to read. */
  id: string;
  /** 32 bytes. */
  secret: Buffer;
}

/** In their order: the first encrypts, all of them decrypt. None: nothing is encrypted. */
export type EncryptionKeys = readonly EncryptionKey[];

/**
 * Reads `INLET_ENCRYPTION_KEYS`, `id:base64` with commas between (docs/encryption.md).
 *
 * @returns no keys where the variable is not set
 * @throws ConfigError with everything that is wrong, naming keys by their place or id, never by their value
 */
export function readEncryptionKeys(environment: Pick<Environment, 'get'>): EncryptionKeys {
  const text = environment.get('INLET_ENCRYPTION_KEYS');
  if (text === undefined) return [];
  const problems: ConfigProblem[] = [];
  const keys: EncryptionKey[] = [];
  for (const [index, part] of text.split(',').entries()) {
    const read = readKey(part.trim(), index + 1, keys);
    if (typeof read === 'string') problems.push({ file: KEYS_VARIABLE, message: read });
    else keys.push(read);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return keys;
}

/** @returns what is wrong, as a sentence, where something is */
function readKey(part: string, place: number, earlier: EncryptionKeys): EncryptionKey | string {
  const how = 'Keys are id:base64 with commas between; "openssl rand -base64 32" makes one.';
  if (part === '') return `Key ${place} is empty. ${how}`;
  const colon = part.indexOf(':');
  // What stands there may be the key itself, so it is not repeated.
  if (colon === -1) return `Key ${place} has no id. ${how}`;
  const id = part.slice(0, colon).trim();
  if (id === '') return `Key ${place} has an empty id. ${how}`;
  if (!/^[A-Za-z0-9._-]{1,40}$/.test(id))
    return `The id of key ${place} may have letters, digits, ".", "_" and "-", at most 40 of them. It is no secret: the month in which the key was made is a good one.`;
  if (earlier.some((other) => other.id === id))
    return `Key ${place} has the same id as one before it, "${id}". Give every key an id of its own.`;
  const secret = fromBase64(part.slice(colon + 1).trim());
  if (secret === undefined) return `The key "${id}" is not base64. ${how}`;
  if (secret.length !== KEY_BYTES)
    return `The key "${id}" has ${secret.length} bytes, and must have ${KEY_BYTES}. "openssl rand -base64 32" makes one.`;
  return { id, secret };
}

/** Node takes anything for base64, and skips what isn't. */
function fromBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const bare = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return bytes.toString('base64').replace(/=+$/, '') === bare ? bytes : undefined;
}
