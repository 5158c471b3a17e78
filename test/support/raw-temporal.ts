import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
const { DescribeWorkflowExecutionResponse, QueryWorkflowResponse } = proto.temporal.api.workflowservice.v1;

export interface RawTemporal {
  /** Of the workflows, each once. */
  ids: Set<string>;
  /** What stands in payloads that are not encrypted, search attributes left out. */
  plain: Set<string>;
  bytes: Buffer;
}

/**
 * Everything that Temporal has of the workflows of a task queue, as anybody with access to it sees it: histories, what is
 * told of executions (memos, pending activities), and the current details as a worker gives them.
 */
export async function rawTemporal(address: string, taskQueue: string): Promise<RawTemporal> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const parts: Uint8Array[] = [];
    const ids = new Set<string>();
    const plain = new Set<string>();
    for await (const { workflowId, runId, status } of client.workflow.list({
      query: `TaskQueue = '${taskQueue}'`,
    })) {
      ids.add(workflowId);
      const handle = client.workflow.getHandle(workflowId, runId);
      const [{ raw }, history] = await Promise.all([handle.describe(), handle.fetchHistory()]);
      parts.push(History.encode(history).finish(), DescribeWorkflowExecutionResponse.encode(raw).finish());
      collect([history, raw], plain);
      if (status.name !== 'RUNNING') continue;
      const details = await connection.workflowService.queryWorkflow({
        namespace: 'default',
        execution: { workflowId, runId },
        query: { queryType: '__temporal_workflow_metadata' },
      });
      parts.push(QueryWorkflowResponse.encode(details).finish());
      collect(details, plain);
    }
    return { ids, plain, bytes: Buffer.concat(parts) };
  } finally {
    await connection.close();
  }
}

/** Finds payloads, which have their encoding in their metadata, however deep they lie. */
function collect(message: unknown, plain: Set<string>): void {
  if (typeof message !== 'object' || message === null || ArrayBuffer.isView(message)) return;
  if (
    'metadata' in message &&
    'data' in message &&
    !textOf(message.metadata, 'encoding').endsWith('encrypted')
  )
    plain.add(textOf(message, 'data'));
  for (const [name, part] of Object.entries(message)) {
    if (name !== 'searchAttributes') collect(part, plain);
  }
}

function textOf(message: unknown, name: string): string {
  const value: unknown = Object.entries(message ?? {}).find(([other]) => other === name)?.[1];
  return value instanceof Uint8Array ? Buffer.from(value).toString() : '';
}
