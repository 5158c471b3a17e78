import type { Condition } from './alert-rules.js';
import type { Store } from './store.js';

export interface AlertRef {
  workspace: string;
  sync: string;
  /** Counts by sync. */
  number: number;
}

/** An alert, and how its delivery goes. */
export interface AlertRecord extends AlertRef {
  type: string;
  recoveredFrom: Condition | null;
  import: number;
  raisedAt: Date;
  body: string;
  attempts: number;
  lastAttemptAt: Date | null;
  /** A status such as `500`, or our words for why there was none. */
  lastAnswer: string | null;
  deliveredAt: Date | null;
  givenUpAt: Date | null;
}

const columns = `
  workspace, sync, number, type, recovered_from AS "recoveredFrom", import_number AS import, raised_at AS "raisedAt", body,
  attempts, last_attempt_at AS "lastAttemptAt", last_answer AS "lastAnswer", delivered_at AS "deliveredAt",
  given_up_at AS "givenUpAt"`;

/** The first alert of each sync that is neither delivered nor given up: the others wait for it. */
export async function nextAlerts(store: Store, workspace: string): Promise<AlertRef[]> {
  const { rows } = await store.pool.query<AlertRef>(
    `SELECT DISTINCT ON (a.sync_id) w.name AS workspace, s.name AS sync, a.number
     FROM inlet.alert a JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w USING (workspace_id)
     WHERE w.name = $1 AND a.delivered_at IS NULL AND a.given_up_at IS NULL ORDER BY a.sync_id, a.number`,
    [workspace],
  );
  return rows;
}

/** Null if there is none, or it is forgotten already. */
export async function findAlert(
  store: Store,
  { workspace, sync, number }: AlertRef,
): Promise<AlertRecord | null> {
  const { rows } = await store.pool.query<AlertRecord>(
    `SELECT ${columns} FROM inlet.alerts WHERE workspace = $1 AND sync = $2 AND number = $3`,
    [workspace, sync, number],
  );
  return rows[0] ?? null;
}

/** Alerts of a workspace or of one of its syncs, newest first. */
export async function listAlerts(
  store: Store,
  which: { workspace: string; sync?: string; limit: number },
): Promise<AlertRecord[]> {
  const { rows } = await store.pool.query<AlertRecord>(
    `SELECT ${columns} FROM inlet.alerts WHERE workspace = $1 AND ($2::text IS NULL OR sync = $2)
     ORDER BY raised_at DESC, sync, number DESC LIMIT $3`,
    [which.workspace, which.sync ?? null, which.limit],
  );
  return rows;
}

/** A condition of a sync that holds at present. */
export interface ConditionRecord {
  sync: string;
  condition: Condition;
  since: Date;
  import: number;
}

export async function listConditions(
  store: Store,
  which: { workspace: string; sync?: string },
): Promise<ConditionRecord[]> {
  const { rows } = await store.pool.query<ConditionRecord>(
    `SELECT s.name AS sync, c.condition, c.since, c.import_number AS import
     FROM inlet.alert_condition c JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w USING (workspace_id)
     WHERE w.name = $1 AND ($2::text IS NULL OR s.name = $2) ORDER BY s.name, c.since, c.condition`,
    [which.workspace, which.sync ?? null],
  );
  return rows;
}

/** How an attempt came out: the alert is delivered, tried again, or given up. */
export type Outcome = 'delivered' | 'tried again' | 'given up';

/**
 * Notes an attempt at delivery, or that there was none in time. One that is settled already stays as it is.
 * @param answer a status, or our words; null if nothing was sent
 */
export async function noteAttempt(
  store: Store,
  { workspace, sync, number }: AlertRef,
  answer: string | null,
  outcome: Outcome,
): Promise<void> {
  await store.pool.query(
    `UPDATE inlet.alert a SET
       attempts = attempts + ($4::text IS NOT NULL)::int,
       last_attempt_at = CASE WHEN $4 IS NULL THEN last_attempt_at ELSE now() END,
       last_answer = coalesce($4, last_answer),
       delivered_at = CASE WHEN $5 = 'delivered' THEN now() END,
       given_up_at = CASE WHEN $5 = 'given up' THEN now() END
     FROM inlet.sync s JOIN inlet.workspace w USING (workspace_id)
     WHERE s.sync_id = a.sync_id AND w.name = $1 AND s.name = $2 AND a.number = $3
       AND a.delivered_at IS NULL AND a.given_up_at IS NULL`,
    [workspace, sync, number, answer, outcome],
  );
}
