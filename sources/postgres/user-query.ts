import { fill, replacements, type Replacement } from '../last-sync-time.js';
import { placeIn, type Place } from '../place.js';
import { SourceError } from '../source-error.js';
import type { Encoding } from './transaction.js';
import { isBlank, readQueryText, type Dialect } from './query-text.js';

/** A user's query made ready to be sent, that knows where everything in it was written. */
export class UserQuery {
  /** With `{{last_sync_time}}` filled in. */
  readonly filled: string;
  /** Filled, and without the semicolon it ends in. */
  readonly statement: string;
  /** Where a second statement begins, by our reading; the database decides whether there is one. */
  readonly secondStatement: Place | undefined;
  readonly #written: string;
  readonly #replacements: Replacement[];

  /** @throws SourceError for an empty query, a parameter (`$1`), an unknown placeholder */
  constructor(written: string, lastSyncTime = 0, dialect?: Dialect) {
    this.#written = written;
    this.#replacements = replacements(written, lastSyncTime);
    this.filled = fill(written, this.#replacements);
    const { statement, parameterAt, secondStatementAt } = readQueryText(this.filled, dialect);
    this.statement = statement;
    this.secondStatement = secondStatementAt === undefined ? undefined : this.#place(secondStatementAt);
    if (isBlank(this.filled)) throw refusal('The query is empty: write one SELECT.');
    if (this.filled.includes('\0')) throw refusal('The query has a NUL character, which no query can have.');
    if (parameterAt !== undefined) {
      const place = this.#place(parameterAt);
      throw refusal(
        `The query has a parameter such as $1 at line ${place.line}, column ${place.column}, and there is nothing ` +
          'that could fill it: write the value itself, or {{last_sync_time}} for the time of the last completed import.',
        place,
      );
    }
  }

  /**
   * The place, in the query as written, of a position that the database gave.
   *
   * @param position counted from 1 in characters (bytes where the server knows no encoding), in what was sent
   * @param prefix what was sent before the query
   */
  placeOf(position: number, prefix: string, encoding: Encoding): Place {
    const sent = prefix + this.filled;
    const before =
      encoding === 'SQL_ASCII'
        ? Buffer.from(sent)
            .subarray(0, position - 1)
            .toString()
        : Array.from(sent)
            .slice(0, position - 1)
            .join('');
    return this.#place(Math.min(Math.max(before.length - prefix.length, 0), this.statement.length));
  }

  #place(offsetInFilled: number): Place {
    let shift = 0;
    for (const { start, end, text } of this.#replacements) {
      const startInFilled = start + shift;
      if (offsetInFilled < startInFilled) break;
      if (offsetInFilled < startInFilled + text.length) return placeIn(this.#written, start);
      shift += text.length - (end - start);
    }
    return placeIn(this.#written, offsetInFilled - shift);
  }
}

function refusal(message: string, position?: Place): SourceError {
  return new SourceError({
    message,
    phase: 'describe',
    retryable: false,
    ...(position !== undefined && { position }),
  });
}
