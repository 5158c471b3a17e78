/** Messages of PostgreSQL's protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html */
export class Frames {
  /** Whether messages begin with a letter; those that open a connection don't. */
  typed: boolean;
  #rest: Buffer = Buffer.alloc(0);

  constructor(begin: 'startup' | 'typed') {
    this.typed = begin === 'typed';
  }

  /** Every message that is complete with this chunk, one after the other, as `typed` is at that moment. */
  *take(chunk: Buffer): Generator<Buffer> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const letter = this.typed ? 1 : 0;
      if (this.#rest.length < letter + 4) return;
      const length = letter + this.#rest.readInt32BE(letter);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield message;
    }
  }
}

export function frame(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

export function errorResponse(sqlstate: string, message: string): Buffer {
  return frame('E', Buffer.from(`SERROR\0VERROR\0C${sqlstate}\0M${message}\0\0`));
}

export function authenticationRequest(code: number): Buffer {
  return frame('R', int32(code));
}

export function startupParameters(message: Buffer): Map<string, string> {
  const words = message.toString('utf8', 8).split('\0');
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < words.length && words[at] !== ''; at += 2) {
    parameters.set(words[at] ?? '', words[at + 1] ?? '');
  }
  return parameters;
}

function int32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(number);
  return bytes;
}
