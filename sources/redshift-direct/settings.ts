import type { Session } from '../postgres/session.js';

/**
 * What changes how a value is written, as far as Redshift has it: everything else that PostgreSQL has, it refuses as
 * `unrecognized configuration parameter`. 2 is the most that it takes for extra_float_digits.
 * https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html
 */
const pinned = [
  `SET client_encoding TO 'UTF8'`,
  `SET datestyle TO 'ISO, YMD'`,
  `SET timezone TO 'UTC'`,
  `SET extra_float_digits TO 2`,
];

const longestTimeoutMs = 2_147_483_647;

/**
 * Pins every setting of a connection that is new, before a transaction begins.
 *
 * @param timeoutMs that one statement may take, its time in the queue included
 */
export async function settle(session: Session, timeoutMs: number, applicationName?: string): Promise<void> {
  for (const statement of pinned) await session.execute(statement);
  await session.execute(`SET statement_timeout TO ${Math.min(Math.ceil(timeoutMs), longestTimeoutMs)}`);
  if (applicationName !== undefined) await session.execute(`SET application_name TO '${applicationName}'`);
}

/**
 * Begins a transaction, in which all statements see the state of the database at the first of them: Redshift knows no
 * other isolation, whether its database says SERIALIZABLE or SNAPSHOT.
 * https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
 */
export async function begin(session: Session, readOnly: boolean): Promise<void> {
  await session.execute(`BEGIN ISOLATION LEVEL SERIALIZABLE${readOnly ? ' READ ONLY' : ''}`);
}
