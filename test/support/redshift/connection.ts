import pg from 'pg';
import { columnMetadata, rowEncoder } from './columns.js';
import { caseSetting, errorText, nested, translate, type Parameters } from './dialect.js';
import { ResultSet, type PageLimits } from './result-set.js';

export interface Outcome {
  /** Null where the statement gives none. */
  resultSet: ResultSet | null;
  /** Returned or affected; -1 where there is no such number. */
  rows: number;
}

export interface RunOptions {
  parameters: Parameters;
  queryId: number;
  limits: PageLimits;
  /** Whether one text may hold several statements; the result is that of the last. */
  several: boolean;
  /** Within a transaction that the batch began. */
  inTransaction: boolean;
}

/** Why a statement failed, in the API's words. */
export class StatementError extends Error {}

type Row = (string | null)[];

/** `queryMode` is missing in the types of pg. */
interface QuerySettings extends pg.QueryArrayConfig {
  queryMode?: 'extended';
}

/** Every value stays the text that PostgreSQL sent. */
const asText = { getTypeParser: () => (value: unknown) => value };

/** One connection to PostgreSQL in the role of one to Redshift. */
export class Connection {
  readonly #client: pg.Client;
  readonly #url: string;
  #caseSensitive = false;
  #broken = false;

  private constructor(
    url: string,
    client: pg.Client,
    readonly pid: number,
  ) {
    this.#url = url;
    this.#client = client;
    client.on('error', () => (this.#broken = true));
    client.on('end', () => (this.#broken = true));
  }

  /** @throws StatementError */
  static async open(url: string): Promise<Connection> {
    const client = new pg.Client({ connectionString: url, options: '-c timezone=UTC -c datestyle=ISO' });
    // The query that was running reports it too.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      return new Connection(url, client, rows[0]?.pid ?? 0);
    } catch (error) {
      throw new StatementError(errorText(error, 0));
    }
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** @throws StatementError */
  async run(sql: string, options: RunOptions): Promise<Outcome> {
    const original = options.inTransaction ? nested(sql) : sql;
    const translation = translate(original, this.#caseSensitive, options.parameters);
    const settings: QuerySettings = {
      text: translation.text,
      values: translation.values,
      rowMode: 'array',
      types: asText,
      // The extended protocol is what refuses several statements in one text.
      ...(!options.several && { queryMode: 'extended' }),
    };
    try {
      const outcome = await this.#send(settings, options.limits);
      this.#caseSensitive = caseSetting(sql) ?? this.#caseSensitive;
      return outcome;
    } catch (error) {
      throw new StatementError(errorText(error, options.queryId, translation));
    }
  }

  /** A statement of the double's own. */
  async control(sql: 'BEGIN' | 'COMMIT' | 'ROLLBACK'): Promise<void> {
    await this.#client.query(sql).catch((error: unknown) => {
      throw new StatementError(errorText(error, 0));
    });
  }

  /** From another connection; does nothing where no statement is running. */
  async cancel(): Promise<void> {
    const other = new pg.Client({ connectionString: this.#url });
    other.on('error', () => undefined);
    try {
      await other.connect();
      await other.query('SELECT pg_cancel_backend($1)', [this.pid]);
    } finally {
      await other.end();
    }
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  /** Encodes the rows as they come: the results of a test can be large. */
  #send(settings: QuerySettings, limits: PageLimits): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const query = new pg.Query<Row>(settings);
      let current: { of: unknown; set: ResultSet; encode: (row: Row) => string } | undefined;
      query.on('row', (row, result) => {
        if (!result) return;
        if (current?.of !== result) {
          current = { of: result, set: new ResultSet(limits), encode: rowEncoder(result.fields) };
        }
        current.set.add(current.encode(row));
      });
      query.on('error', reject);
      query.on('end', (results: pg.ResultBuilder<Row> | pg.ResultBuilder<Row>[]) => {
        const last = Array.isArray(results) ? results.at(-1) : results;
        if (!last || last.fields.length === 0) {
          resolve({ resultSet: null, rows: last?.rowCount ?? -1 });
          return;
        }
        const set = current?.of === last ? current.set : new ResultSet(limits);
        set.end(columnMetadata(last.fields, this.#caseSensitive));
        resolve({ resultSet: set, rows: set.rows });
      });
      this.#client.query(query);
    });
  }
}
