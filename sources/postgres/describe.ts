import type { Connection, FieldDef, Submittable } from 'pg';
import { SourceError } from '../source-error.js';
import type { Column } from '../source.js';
import { columnsOf } from './columns.js';
import { isDatabaseError, wasRaised, wordsOf, type DatabaseError } from './failure-kinds.js';
import { reasonOf } from './statement-error.js';
import type { Session } from './session.js';
import type { Encoding } from './transaction.js';
import type { UserQuery } from './user-query.js';

const prefix = 'SELECT * FROM (\n';
const suffix = '\n) q LIMIT 0';

/** The columns of a query, described without running it. Throws as `describeFields` does. */
export async function describeQuery(
  session: Session,
  query: UserQuery,
  encoding: Encoding,
): Promise<Column[]> {
  return columnsOf(session, await describeFields(session, query, encoding));
}

/**
 * Has the database describe a query without running it: first parsed alone, which admits only one statement, so that
 * afterwards nothing in it can end our parenthesis; then planned as a subquery that only reads, which shows what is
 * not a SELECT, what would write, and what the user may not read.
 *
 * @throws SourceError with the database's words and the place in the query as written; anything else that goes wrong
 *   with the session as it is
 */
export async function describeFields(
  session: Session,
  query: UserQuery,
  encoding: Encoding,
): Promise<FieldDef[]> {
  await asRefusal(query, '', encoding, () => parse(session, new Description(query.filled, 'parsed')));
  const description = new Description(prefix + query.statement + suffix, 'planned');
  await asRefusal(query, prefix, encoding, () => parse(session, description));
  return description.fields;
}

function parse(session: Session, description: Description): Promise<void> {
  return session.busy(() => session.submit(description).done);
}

async function asRefusal(
  query: UserQuery,
  prefixSent: string,
  encoding: Encoding,
  describe: () => Promise<void>,
): Promise<void> {
  try {
    await describe();
  } catch (error) {
    throw isDatabaseError(error) && isOfTheQuery(error) ? refusal(error, query, prefixSent, encoding) : error;
  }
}

/** Errors of syntax, names, rights and types; of constants that can't be computed; of features and of writing. */
function isOfTheQuery({ code = '' }: DatabaseError): boolean {
  return /^(?:0A|21|22|25006|2F|38|39|3F|42|54|P0)/.test(code);
}

function refusal(
  error: DatabaseError,
  query: UserQuery,
  prefixSent: string,
  encoding: Encoding,
): SourceError {
  const { code = '', position: sentAt } = error;
  const many =
    prefixSent === '' && sentAt === undefined && code === '42601' ? query.secondStatement : undefined;
  const position = sentAt === undefined ? many : query.placeOf(Number(sentAt), prefixSent, encoding);
  const where = position === undefined ? '' : ` at line ${position.line}, column ${position.column}`;
  const words = wordsOf(error);
  // What has no position was not found by parsing, but by computing something, which could quote a cell.
  const computed = sentAt === undefined && /^(?:2[12]|38|39|P0)/.test(code);
  const quotes = prefixSent !== '' && (computed || wasRaised(error));
  const says = quotes ? `: ${reasonOf(code)} (SQLSTATE ${code}).` : `: ${words}`;
  return new SourceError({
    message: `The database refuses the query${where}${says}${adviceFor(code, prefixSent !== '', many !== undefined)}`,
    phase: 'describe',
    retryable: false,
    sqlstate: code,
    databaseMessage: words,
    ...(position !== undefined && { position }),
  });
}

function adviceFor(code: string, asSubquery: boolean, manyStatements: boolean): string {
  if (manyStatements) return ' The query must be one statement.';
  if (asSubquery && /^(?:42601|0A000|25006)$/.test(code)) {
    return ' The query must be one SELECT that only reads, and that can stand in parentheses.';
  }
  return code === '42501' ? ' GRANT SELECT on it to the user.' : '';
}

/**
 * One exchange of the extended protocol that executes nothing. `planned` also binds, which plans the query, checks the
 * user's rights and that a read-only transaction may run it. The statement has no name, so a pooler has nothing to keep.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
class Description implements Submittable {
  fields: FieldDef[] = [];
  readonly done: Promise<void>;
  readonly #text: string;
  readonly #depth: 'parsed' | 'planned';
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(text: string, depth: 'parsed' | 'planned') {
    this.#text = text;
    this.#depth = depth;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    connection.stream.cork();
    connection.parse({ name: '', text: this.#text, types: [] }, true);
    if (this.#depth === 'planned') connection.bind({}, true);
    connection.describe({ type: this.#depth === 'planned' ? 'P' : 'S', name: '' }, true);
    connection.sync();
    connection.stream.uncork();
  }

  /** node-postgres calls these by name. */
  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.fields = fields;
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve();
  }
}
