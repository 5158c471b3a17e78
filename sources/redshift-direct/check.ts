import ms from 'ms';
import { placeOf, type Address } from '../postgres/address.js';
import { tlsFinding } from '../postgres/check-tls.js';
import type { Server } from '../postgres/server.js';
import type { Session } from '../postgres/session.js';
import { inSession } from '../postgres/transaction.js';
import { SourceError } from '../source-error.js';
import type { Finding } from '../source.js';
import { checkRights } from './check-rights.js';
import { openTransactions } from './open-transactions.js';
import { begin, settle } from './settings.js';
import { hidden } from './start-time.js';
import { redshiftError } from './statement-error.js';

export interface CheckOptions {
  readOnly: boolean;
  /** Milliseconds that a statement of the check may take. */
  timeoutMs: number;
  /** Milliseconds that a statement of an import may take. */
  queryTimeoutMs: number;
}

/** Proves what can be proved of a connection (docs/redshift.md); throws only when aborted. */
export async function check(
  server: () => Server,
  options: CheckOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    const { address } = server();
    const { timeoutMs } = options;
    await inSession(
      server(),
      { phase: 'connect', timeoutMs, explain: redshiftError },
      signal,
      async (session) => {
        findings.push(connects(address), tlsFinding(session, address));
        const version = await checkVersion(session);
        findings.push(version);
        if (version.level === 'problem') return;
        findings.push(await checkTimeout(session, options));
        findings.push(...(await checkRights(session)));
        findings.push(await checkOpenTransactions(session));
        findings.push(await checkTransaction(session, options.readOnly));
      },
    );
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const subject = findings.length === 0 ? 'connects' : 'statements';
    findings.push({ level: 'problem', subject, message: error.message });
  }
  return findings;
}

function connects(address: Address): Finding {
  const message = `To database "${address.database}" at ${placeOf(address)} as user "${address.user}".`;
  return { level: 'ok', subject: 'connects', message };
}

async function checkVersion(session: Session): Promise<Finding> {
  const subject = 'version';
  const [row] = await session.query<{ version: string }>('SELECT version() AS version');
  const redshift = /Redshift [\d.]+/.exec(row?.version ?? '')?.[0];
  if (redshift !== undefined) return { level: 'ok', subject, message: `Amazon ${redshift}.` };
  const message = 'This is PostgreSQL, not Amazon Redshift: use type: postgres.';
  return { level: 'problem', subject, message };
}

/** The user's own, by ALTER USER, gives way to ours; the queue's does not, and can't be seen. */
async function checkTimeout(session: Session, options: CheckOptions): Promise<Finding> {
  const [own] = await session.query<{ statement_timeout: string }>('SHOW statement_timeout');
  await settle(session, options.timeoutMs);
  const theirs = own === undefined || own.statement_timeout === '0' ? 'none' : own.statement_timeout;
  const message =
    `Each statement of an import may take ${ms(options.queryTimeoutMs)} (queryTimeout), its time in the queue included; ` +
    `the user's own is ${theirs}, and does not count. If the user's queue has a lower max_execution_time, that wins.`;
  return { level: 'ok', subject: 'statement timeout', message };
}

async function checkOpenTransactions(session: Session): Promise<Finding> {
  const subject = 'open transactions';
  const { seesAll } = await openTransactions(session);
  return seesAll
    ? { level: 'ok', subject, message: 'Those of all users can be seen, so no late commit is missed.' }
    : { level: 'warning', subject, message: hidden };
}

async function checkTransaction(session: Session, readOnly: boolean): Promise<Finding> {
  await begin(session, readOnly);
  await session.execute('ROLLBACK');
  const subject = 'read-only transactions';
  return readOnly
    ? { level: 'ok', subject, message: 'Imports read in transactions that are READ ONLY.' }
    : {
        level: 'warning',
        subject,
        message: "readOnly is off: only the user's rights keep a function in a query from writing.",
      };
}
