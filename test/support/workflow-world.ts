import { Client, Connection, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { DataConverter, Duration } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncBasics, SyncDefinition } from '../../config/sync-definition.js';
import {
  activityQueue,
  define,
  importId,
  mutexId,
  mutexState,
  requestWorkspace,
  syncId,
  syncStatus,
  trigger,
} from '../../workflows/messages.js';
import type {
  Defined,
  ImportInput,
  ImportResult,
  MutexRequest,
  MutexState,
  SyncInput,
  SyncStatus,
  Triggered,
} from '../../workflows/messages.js';
import type { ImportWorkflow, SyncWorkflow, WorkspaceMutexWorkflow } from '../../workflows/index.js';
import './quiet-runtime.js';
import { ScriptedWorkspace } from './scripted-activities.js';

/** Workflows on a real server and their worker, and workspaces whose activities are scripted. */
export interface World {
  client: Client;
  taskQueue: string;
  /** A workspace that nobody else uses, unless it is given a name, served by a worker of its own. */
  workspace(name?: string): Promise<Workspace>;
  /** A workspace whose activities nobody runs. */
  unserved(): Workspace;
  /** Ends what a test has left running, so that it does not slow the next one down. */
  endAll(): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  address: string;
  /** A file that the workflows are bundled in. */
  bundle: string;
  /** As workers and clients write what they hand to Temporal; unless given, so that everybody can read it. */
  dataConverter?: DataConverter;
}

export async function startWorld({ address, bundle, dataConverter = {} }: WorldOptions): Promise<World> {
  const [native, connection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ]);
  const client = new Client({ connection, dataConverter });
  const taskQueue = `test-${randomBytes(4).toString('hex')}`;
  const running: { worker: Worker; ended: Promise<void> }[] = [];
  const run = (worker: Worker) => running.push({ worker, ended: worker.run() });
  run(
    await Worker.create({
      connection: native,
      dataConverter,
      taskQueue,
      workflowBundle: { codePath: bundle },
    }),
  );
  const newWorkspace = (name = `w${randomBytes(4).toString('hex')}`) =>
    new Workspace(client, taskQueue, name);
  const endAll = async () => {
    const open = client.workflow.list({
      query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`,
    });
    for await (const { workflowId } of open) {
      await client.workflow.getHandle(workflowId).terminate('the test is over').catch(ignoreClosed);
    }
  };
  return {
    client,
    taskQueue,
    unserved: newWorkspace,
    async workspace(name) {
      const workspace = newWorkspace(name);
      const activities = { ...workspace.script.activities({ client, taskQueue }) };
      run(
        await Worker.create({
          connection: native,
          dataConverter,
          taskQueue: activityQueue(taskQueue, workspace.name),
          activities,
          // An activity hears of its cancellation with a heartbeat; these are held back for long unless told.
          maxHeartbeatThrottleInterval: '100ms',
        }),
      );
      return workspace;
    },
    endAll,
    async close() {
      await endAll();
      for (const { worker } of running) worker.shutdown();
      await Promise.all(running.map(({ ended }) => ended));
      await Promise.all([native.close(), connection.close()]);
    },
  };
}

export class Workspace {
  readonly script = new ScriptedWorkspace();
  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
    readonly name: string,
  ) {}

  definition(sync: string, change: Partial<SyncBasics> = {}): SyncDefinition {
    return {
      workspace: this.name,
      sync,
      name: sync,
      description: '',
      database: 'crm',
      every: '1h',
      everyMs: 3_600_000,
      anchor: 'start',
      whenBusy: 'unset',
      overlapSeconds: 1,
      maxRows: 1_000,
      import: 'people',
      identifyBy: 'id',
      mode: 'add-and-update',
      query: 'SELECT 1 AS id',
      ...change,
    };
  }

  /** Starts or updates a sync as `apply` does. */
  async define(sync: string, change: Partial<SyncBasics> = {}): Promise<Defined> {
    const input: SyncInput = { workspace: this.name, sync, searchable: true };
    return await this.client.workflow.executeUpdateWithStart(define, {
      args: [{ definition: this.definition(sync, change), settings: this.settings() }],
      startWorkflowOperation: new WithStartWorkflowOperation<typeof SyncWorkflow>('SyncWorkflow', {
        workflowId: syncId(this.name, sync),
        taskQueue: this.taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    });
  }

  async trigger(sync: string, full = false): Promise<Triggered> {
    return await this.sync(sync).executeUpdate(trigger, { args: [{ full }] });
  }

  settings() {
    return {
      name: this.name,
      identifiers: ['id' as const],
      allowEmailUpdatesUsingId: false,
      keepImportsMs: 86_400_000,
      keepFailures: 100,
    };
  }

  /** Starts a sync that nobody ever defines. */
  async startUndefinedSync(sync: string, options: { workflowRunTimeout?: Duration } = {}) {
    return await this.client.workflow.start<typeof SyncWorkflow>('SyncWorkflow', {
      ...options,
      workflowId: syncId(this.name, sync),
      taskQueue: this.taskQueue,
      args: [{ workspace: this.name, sync }],
    });
  }

  sync(sync: string) {
    return this.client.workflow.getHandle<typeof SyncWorkflow>(syncId(this.name, sync));
  }

  async status(sync: string): Promise<SyncStatus> {
    return await this.sync(sync).query(syncStatus);
  }

  /** Starts an import that no sync follows. */
  async startImport(sync: string, change: Partial<ImportInput> = {}) {
    const input: ImportInput = {
      definition: this.definition(sync),
      number: 1,
      lastSyncTime: 0,
      whenBusy: 'wait',
      cause: 'schedule',
      full: false,
      dueAt: Date.now(),
      ...change,
    };
    const workflowId = importId(this.name, sync, input.number);
    return await this.client.workflow.start<typeof ImportWorkflow>('ImportWorkflow', {
      workflowId,
      taskQueue: this.taskQueue,
      args: [input],
    });
  }

  import(sync: string, number: number) {
    return this.client.workflow.getHandle<typeof ImportWorkflow>(importId(this.name, sync, number));
  }

  mutex() {
    return this.client.workflow.getHandle<typeof WorkspaceMutexWorkflow>(mutexId(this.name));
  }

  async mutexState(): Promise<MutexState> {
    return await this.mutex().query(mutexState);
  }

  /** What the Temporal UI shows of a workflow. */
  async details(workflow: WorkflowHandle): Promise<string> {
    const metadata = await workflow.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return metadata.currentDetails ?? '';
  }

  /** The summaries of a workflow's activities and timers, in the order of its history. */
  async summaries(workflow: WorkflowHandle): Promise<string[]> {
    const { events } = await workflow.fetchHistory();
    const payloads = events?.map((event) => event.userMetadata?.summary) ?? [];
    return payloads.flatMap((payload) =>
      payload ? [defaultPayloadConverter.fromPayload<string>(payload)] : [],
    );
  }

  /** Asks for the workspace in the name of an import, whether it exists or not. */
  async request(request: MutexRequest): Promise<void> {
    await this.client.workflow.signalWithStart<typeof WorkspaceMutexWorkflow, [MutexRequest]>(
      'WorkspaceMutexWorkflow',
      {
        workflowId: mutexId(this.name),
        taskQueue: this.taskQueue,
        args: [{ workspace: this.name }],
        signal: requestWorkspace,
        signalArgs: [request],
      },
    );
  }

  /** Waits until the sync has ended an import or an entry of this number, and gives it. */
  async ended(sync: string, number: number): Promise<ImportResult> {
    const find = async () => (await this.status(sync)).recent.find((result) => result.number === number);
    return await eventually(find, (result) => result !== undefined).then((result) => {
      if (!result) throw new Error(`import ${number} of ${sync} did not end`);
      return result;
    });
  }
}

function ignoreClosed(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** Asks again until the answer is right; fails with the last one after 20 seconds. */
export async function eventually<T>(ask: () => Promise<T> | T, isRight: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (Date.now() > until) throw new Error(`it stays so: ${JSON.stringify(answer)}`);
    await sleep(50);
  }
}
