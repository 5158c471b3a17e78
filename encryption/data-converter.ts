import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { Environment } from '../config/environment.js';
import { readEncryptionKeys } from './keys.js';
import { EncryptingCodec } from './payload-codec.js';

/** A file, for `failureConverterPath`: with it neither the message nor the stack trace of a failure can be read. */
export const encodingFailureConverter = fileURLToPath(
  new URL('encoding-failure-converter.cjs', import.meta.url),
);

/**
 * How workflows, activities and clients write what they hand to Temporal: encrypted if INLET_ENCRYPTION_KEYS is set
 * (docs/encryption.md). Whoever has none can still tell that something is encrypted, and with which key.
 *
 * @throws ConfigError where the keys can't be used
 */
export function dataConverterOf(environment: Pick<Environment, 'get'>): DataConverter {
  const keys = readEncryptionKeys(environment);
  const payloadCodecs = [new EncryptingCodec(keys)];
  if (keys.length === 0) return { payloadCodecs };
  return { payloadCodecs, failureConverterPath: encodingFailureConverter };
}
