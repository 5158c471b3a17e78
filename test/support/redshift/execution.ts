import { StatementError, type Connection } from './connection.js';
import type { PageLimits } from './result-set.js';
import { NOT_RUN, type Part, type Statement } from './statement.js';

export interface ExecutionOptions {
  limits: PageLimits;
  several: boolean;
}

/** How often a cancellation is repeated: one that comes between two statements does nothing. */
const CANCEL_EVERY_MS = 50;

/**
 * Runs a statement to its end on a connection. In the mode AUTO_COMMIT each entry is sent by itself and those after a
 * failed one still run; in the mode TRANSACTION they do not, and nothing is kept.
 */
export async function execute(
  statement: Statement,
  connection: Connection,
  options: ExecutionOptions,
): Promise<void> {
  statement.pid = connection.pid;
  statement.start();
  const inTransaction = statement.mode === 'TRANSACTION';
  let failure: string | undefined;
  try {
    if (inTransaction) await connection.control('BEGIN');
    for (const part of statement.parts) {
      const stopped =
        statement.cancelRequested || connection.broken || (inTransaction && hasFailed(statement));
      if (stopped) part.end('ABORTED', NOT_RUN);
      else await executePart(part, statement, connection, options);
    }
    if (inTransaction && !connection.broken) {
      await connection.control(hasFailed(statement) || statement.cancelRequested ? 'ROLLBACK' : 'COMMIT');
    }
  } catch (error) {
    failure = messageOf(error);
  }
  if (failure !== undefined) statement.abandon('FAILED', failure);
  else if (statement.parts.some(({ status }) => status === 'ABORTED') && statement.cancelRequested) {
    statement.end('ABORTED');
  } else if (hasFailed(statement)) {
    // A batch leaves it to its entries to say why.
    statement.end('FAILED', statement.mode === 'SINGLE' ? statement.parts[0]?.error : undefined);
  } else statement.end('FINISHED');
}

const hasFailed = ({ parts }: Statement) => parts.some(({ status }) => status === 'FAILED');

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function executePart(
  part: Part,
  statement: Statement,
  connection: Connection,
  { limits, several }: ExecutionOptions,
): Promise<void> {
  part.start();
  part.executions += 1;
  try {
    const outcome = await connection.run(part.sql, {
      ...{ limits, several, parameters: statement.parameters, queryId: part.queryId },
      inTransaction: statement.mode === 'TRANSACTION',
    });
    part.resultSet = outcome.resultSet;
    part.rows = outcome.rows;
    part.end('FINISHED');
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    part.end(statement.cancelRequested ? 'ABORTED' : 'FAILED', error.message);
  }
}

/** Returns once the server was told; goes on telling it until the statement has ended. */
export function cancel(statement: Statement, connection: Connection): Promise<void> {
  const told = connection.cancel();
  const untilEnded = async () => {
    await told;
    for (;;) {
      const timer = new Promise((resolve) => setTimeout(resolve, CANCEL_EVERY_MS));
      await Promise.race([timer, statement.ended]);
      if (statement.hasEnded || connection.broken) return;
      await connection.cancel();
    }
  };
  statement.cancelling = Promise.allSettled([statement.cancelling, untilEnded()]);
  return told;
}
