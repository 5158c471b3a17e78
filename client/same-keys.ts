import type { Client } from '@temporalio/client';
import { EncryptionError } from '../encryption/encryption-error.js';

/**
 * Sees to it that what these workflows began with can be read, where they are. A command without their keys would send what
 * everybody can read, or what no worker of theirs can, which then holds up the workflow (docs/encryption.md).
 *
 * @throws EncryptionError naming the key that is missing
 */
export async function refuseWithoutKeys(client: Client, ...workflowIds: string[]): Promise<void> {
  await Promise.all(
    workflowIds.map(async (workflowId) => {
      try {
        await readBeginning(client, workflowId);
      } catch (error) {
        // Whatever else is wrong is told by what is asked next, or is no concern: a workflow need not be there.
        if (error instanceof EncryptionError) throw error;
      }
    }),
  );
}

async function readBeginning({ workflowService, options }: Client, workflowId: string): Promise<void> {
  const { history } = await workflowService.getWorkflowExecutionHistory({
    namespace: options.namespace,
    execution: { workflowId },
    maximumPageSize: 1,
  });
  const [started] = history?.events ?? [];
  const payloads = started?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  for (const codec of options.loadedDataConverter.payloadCodecs) await codec.decode(payloads);
}
