/**
 * A payload can't be read, or a key can't be used; `message` is a sentence for the user, and holds neither a key nor
 * anything that was encrypted.
 */
export class EncryptionError extends Error {
  override readonly name = 'EncryptionError';
}
