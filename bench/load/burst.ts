import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { importId, pause, syncId, trigger } from '../../workflows/messages.js';
import { until } from '../support/until.js';
import { readLog, type LoggedImport } from './imports.js';
import type { LoadWorkspace } from './workspaces.js';

interface Named {
  workspace: string;
  sync: string;
}

export interface Burst {
  imports: LoggedImport[];
  /** From the first trigger until the last import had ended. */
  seconds: number;
}

const PAUSED_BECAUSE = 'the load is over';

/** An import that still waited for its workspace when all syncs were paused. */
export const wasWithdrawn = ({ status, reason }: LoggedImport) =>
  status === 'Canceled' && reason === `paused: ${PAUSED_BECAUSE}`;

/** Pauses all syncs, and returns once no import runs any more. */
export async function pauseAll(client: Client, store: pg.Pool, syncs: readonly Named[]): Promise<void> {
  await Promise.all(
    syncs.map(({ workspace, sync }) =>
      client.workflow.getHandle(syncId(workspace, sync)).signal(pause, { reason: PAUSED_BECAUSE }),
    ),
  );
  await until('No import runs any more', async () => {
    const [row] = (
      await store.query<{ running: number }>(
        `SELECT count(*)::int AS running FROM inlet.import WHERE status = 'Running'`,
      )
    ).rows;
    if (row?.running !== 0) return false;
    const { count } = await client.workflow.count(
      `WorkflowType = 'ImportWorkflow' AND ExecutionStatus = 'Running'`,
    );
    return count === 0;
  });
}

/** Triggers all of them in the same moment, and returns once all have ended. */
export async function triggerAll(client: Client, store: pg.Pool, syncs: readonly Named[]): Promise<Burst> {
  const triggered = await Promise.all(
    syncs.map(async ({ workspace, sync }) => {
      const handle = client.workflow.getHandle(syncId(workspace, sync));
      const { number } = await handle.executeUpdate(trigger, { args: [{ full: false }] });
      return importId(workspace, sync, number);
    }),
  );
  const wanted = new Set(triggered);
  let imports: LoggedImport[] = [];
  await until('All triggered imports have ended', async () => {
    imports = (await readLog(store)).filter(
      ({ workspace, sync, number, endedAt }) =>
        endedAt !== null && wanted.has(importId(workspace, sync, number)),
    );
    return imports.length === wanted.size;
  });
  const first = Math.min(...imports.map(({ dueAt }) => dueAt));
  const last = Math.max(...imports.map(({ endedAt }) => endedAt ?? NaN));
  return { imports, seconds: (last - first) / 1000 };
}

/** One sync of each workspace, then a second one of each, until there are enough. */
export function syncsOfBurst(workspaces: readonly LoadWorkspace[], size: number): Named[] {
  const most = Math.max(...workspaces.map(({ syncs }) => syncs.length));
  const order = Array.from({ length: most }, (_, index) =>
    // Customers first: theirs is the import that does most.
    workspaces.flatMap(({ name, syncs }) => {
      const sync = syncs[(index + 1) % syncs.length];
      return sync === undefined ? [] : [{ workspace: name, sync: sync.name }];
    }),
  ).flat();
  return order.slice(0, size);
}
