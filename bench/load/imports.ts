import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { importId } from '../../workflows/messages.js';
import { spreadOf, type Spread } from '../support/spread.js';

/** An import as the log has it, with times in milliseconds. */
export interface LoggedImport {
  workspace: string;
  sync: string;
  number: number;
  status: string;
  reason: string | null;
  cause: 'schedule' | 'trigger';
  intervals: number;
  rows: number | null;
  dueAt: number;
  grantedAt: number | null;
  openedAt: number | null;
  stagedAt: number | null;
  endedAt: number | null;
}

/** What Temporal knows of a workflow that was an import. */
interface Execution {
  startedAt: number;
  events: number;
}

const ms = (column: string, name: string) => `(extract(epoch FROM i.${column}) * 1000)::float8 AS "${name}"`;

/** The log of everything since the beginning. */
export async function readLog(store: pg.Pool): Promise<LoggedImport[]> {
  const { rows } = await store.query<LoggedImport>(
    `SELECT w.name AS workspace, s.name AS sync, i.number, i.status, i.reason, i.cause, i.intervals, i.rows::int,
            ${ms('due_at', 'dueAt')}, ${ms('granted_at', 'grantedAt')}, ${ms('opened_at', 'openedAt')},
            ${ms('staged_at', 'stagedAt')}, ${ms('ended_at', 'endedAt')}
     FROM inlet.import i JOIN inlet.sync s USING (sync_id) JOIN inlet.workspace w ON w.workspace_id = i.workspace_id`,
  );
  return rows;
}

/** The workflows of all imports, by their ids. */
export async function readExecutions(client: Client): Promise<Map<string, Execution>> {
  const executions = new Map<string, Execution>();
  for await (const { workflowId, startTime, historyLength } of client.workflow.list({
    query: `WorkflowType = 'ImportWorkflow'`,
  }))
    executions.set(workflowId, { startedAt: startTime.getTime(), events: historyLength });
  return executions;
}

/** How late imports were, and how long they took, in seconds. */
export interface Delays {
  /** From when the schedule, or the trigger, said until the import's workflow was there. */
  started: Spread;
  /** From there until it had the workspace: for one that has to wait, the imports before it are in here. */
  granted: Spread;
  /** From there until its first statement in the store had written it into the log. */
  opened: Spread;
  /** From there until the query's result was copied. */
  staged: Spread;
  /** From the grant until it had ended. */
  duration: Spread;
}

export function delaysOf(
  imports: readonly LoggedImport[],
  executions: ReadonlyMap<string, Execution>,
): Delays {
  const seconds = (from: (one: LoggedImport) => number | null, to: (one: LoggedImport) => number | null) =>
    spreadOf(
      imports.flatMap((one) => {
        const [first, last] = [from(one), to(one)];
        return first === null || last === null ? [] : [(last - first) / 1000];
      }),
    );
  const startedAt = (one: LoggedImport) =>
    executions.get(importId(one.workspace, one.sync, one.number))?.startedAt ?? null;
  return {
    started: seconds((one) => one.dueAt, startedAt),
    granted: seconds(startedAt, (one) => one.grantedAt),
    opened: seconds(
      (one) => one.grantedAt,
      (one) => one.openedAt,
    ),
    staged: seconds(
      (one) => one.openedAt,
      (one) => one.stagedAt,
    ),
    duration: seconds(
      (one) => one.grantedAt,
      (one) => one.endedAt,
    ),
  };
}

/** Events of the histories of imports that were Completed. */
export function eventsOf(
  imports: readonly LoggedImport[],
  executions: ReadonlyMap<string, Execution>,
): Spread {
  return spreadOf(
    imports
      .filter(({ status }) => status === 'Completed')
      .flatMap(({ workspace, sync, number }) => {
        const execution = executions.get(importId(workspace, sync, number));
        return execution === undefined ? [] : [execution.events];
      }),
  );
}

/** Why an import was not run, in the words of docs/scheduling.md; null if it should have been. */
export function skippedAs({ status, reason }: LoggedImport): string | null {
  if (status !== 'Skipped') return null;
  if (reason?.endsWith('had the workspace') === true) return 'another sync had the workspace';
  if (reason?.endsWith('was still running') === true) return 'its own import was still running';
  if (reason?.endsWith('was still waiting for the workspace') === true)
    return 'its own import was still waiting';
  return null;
}
