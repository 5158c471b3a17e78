import { isDatabaseError } from '../postgres/failure-kinds.js';
import type { Session } from '../postgres/session.js';

export interface OpenTransactions {
  /** Unix seconds at which the oldest of other sessions began; undefined where none is open, or can be seen. */
  oldest: number | undefined;
  user: string | undefined;
  pid: string | undefined;
  /** Whether those of other users can be seen, too. */
  seesAll: boolean;
}

interface Row {
  oldest: string;
  user: string;
  pid: string;
}

/**
 * The transactions that are open in this database, as far as the user may see them. Not within a transaction: a look
 * that is refused would end it.
 * https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TRANSACTIONS.html
 */
export async function openTransactions(session: Session): Promise<OpenTransactions> {
  const [first] = await ifAllowed(() =>
    session.query<Row>(
      `SELECT extract(epoch FROM txn_start)::varchar AS oldest,
              trim(txn_owner)::varchar AS "user",
              pid::varchar AS pid
         FROM svv_transactions
        WHERE txn_db = current_database()
          AND pid <> pg_backend_pid()
          AND txn_start IS NOT NULL
        ORDER BY txn_start
        LIMIT 1`,
    ),
  );
  return {
    oldest: first === undefined ? undefined : Number(first.oldest),
    user: first?.user,
    pid: first?.pid,
    seesAll: (await isSuperuser(session)) || (await isMonitor(session)),
  };
}

async function isSuperuser(session: Session): Promise<boolean> {
  const rows = await ifAllowed(() =>
    session.query('SELECT 1 FROM pg_user WHERE usename = current_user AND usesuper'),
  );
  return rows.length > 0;
}

/** https://docs.aws.amazon.com/redshift/latest/dg/r_USER_IS_MEMBER_OF.html */
async function isMonitor(session: Session): Promise<boolean> {
  const rows = await ifAllowed(() =>
    session.query<{ monitor: string }>(
      `SELECT user_is_member_of(current_user, 'sys:monitor')::int::varchar AS monitor`,
    ),
  );
  return rows[0]?.monitor === '1';
}

/** Nothing, where the cluster refuses to tell or does not know what is asked for. */
async function ifAllowed<Row>(look: () => Promise<Row[]>): Promise<Row[]> {
  try {
    return await look();
  } catch (error) {
    if (isDatabaseError(error) && /^(?:42|0A|XX)/.test(error.code ?? '')) return [];
    throw error;
  }
}
