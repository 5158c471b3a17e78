/** The moments of an import that show in what its worker sends to the store, in the order in which they come. */
export const moments = {
  opening: 'the workspace is held, and the import about to be opened',
  'before staging': 'opened, and nothing is asked of the source yet',
  'in staging': 'some of the rows are copied',
  'in planning': 'the ledger is written, and not committed',
  'between chunks': 'a chunk is committed, and the next one not begun',
  'in a chunk, before its commit': 'all is written, and COMMIT on its way',
  'in a chunk, after its commit': 'the store has committed, and the worker does not know',
  'in relationships': 'a chunk of relationships, before its commit',
  'in closing': 'the counts are summed up, and COMMIT on its way',
  'closed, unknown to the worker': 'the log has its end, and the worker does not know',
} as const;

export type Moment = keyof typeof moments;

/** What a frame stands for: a moment before the server gets it, and one when the server has done it. */
export interface Seen {
  before: Moment | null;
  after: Moment | null;
}

/** So much of a query is in the midst of being copied. */
const COPIED_BYTES = 128 * 1024;
/** What tells a statement from another stands at its beginning. */
const HEAD_BYTES = 4096;

/**
 * Follows what one connection sends, by PostgreSQL's protocol
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html) and the statements of store/.
 */
export class Transactions {
  #does: 'chunk' | 'relationships' | 'closing' | null = null;
  #copied = 0;
  #committedChunk = false;

  /** @param frame a whole message of the client's, the first of a connection too */
  see(frame: Buffer): Seen {
    const type = String.fromCharCode(frame[0] ?? 0);
    if (type === 'd') return { before: this.#copy(frame.length), after: null };
    if (type === 'B') this.#bind(frame);
    if (type !== 'Q' && type !== 'P') return nothing;
    return this.#statement(textOf(frame));
  }

  #copy(bytes: number): Moment | null {
    const before = this.#copied;
    this.#copied += bytes;
    return before < COPIED_BYTES && this.#copied >= COPIED_BYTES ? 'in staging' : null;
  }

  /** The chunk's query is a parameter of what writes its counts. */
  #bind(frame: Buffer): void {
    if (this.#does === 'chunk' && frame.includes('relationships')) this.#does = 'relationships';
  }

  #statement(sql: string): Seen {
    if (sql.startsWith('BEGIN')) return { before: this.#begin(), after: null };
    if (sql === 'COMMIT') return this.#commit();
    if (sql.includes('INSERT INTO inlet.import (')) return { before: 'opening', after: null };
    if (sql.includes('UPDATE inlet.import SET sql = $2')) return { before: 'before staging', after: null };
    if (sql.includes('UPDATE inlet.import SET planned_at')) return { before: 'in planning', after: null };
    if (sql.includes('UPDATE inlet.chunk SET applied_at')) this.#does = 'chunk';
    if (sql.includes('UPDATE inlet.import SET status = $2')) this.#does = 'closing';
    return nothing;
  }

  #begin(): Moment | null {
    const next = this.#committedChunk ? 'between chunks' : null;
    this.#does = null;
    this.#copied = 0;
    this.#committedChunk = false;
    return next;
  }

  #commit(): Seen {
    const does = this.#does;
    this.#does = null;
    this.#committedChunk = does === 'chunk';
    switch (does) {
      case 'chunk':
        return { before: 'in a chunk, before its commit', after: 'in a chunk, after its commit' };
      case 'relationships':
        return { before: 'in relationships', after: null };
      case 'closing':
        return { before: 'in closing', after: 'closed, unknown to the worker' };
      case null:
        return nothing;
    }
  }
}

const nothing: Seen = { before: null, after: null };

/** A Query's text; a Parse's after the name of its statement. */
function textOf(frame: Buffer): string {
  const parse = frame[0] === 'P'.charCodeAt(0);
  const start = parse ? frame.indexOf(0, 5) + 1 : 5;
  const end = frame.indexOf(0, start);
  return frame.toString('utf8', start, Math.min(end, start + HEAD_BYTES));
}
