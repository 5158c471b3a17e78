import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import '../support/quiet-runtime.js';

const DIRECTORY = fileURLToPath(new URL('../histories/', import.meta.url));
const histories = (await readdir(DIRECTORY)).filter((file) => file.endsWith('.json'));

describe('workflows of the code as it is', () => {
  it.each(histories)('go the way that was recorded in %s', async (file) => {
    await replay(await readFile(`${DIRECTORY}${file}`, 'utf8'));
  });

  it('are seen to differ where they would go another way', async () => {
    const recorded = await readFile(`${DIRECTORY}import-completed.json`, 'utf8');
    const other = recorded.replaceAll('"planChunks"', '"countChunks"');
    expect(other).not.toBe(recorded);
    await expect(replay(other)).rejects.toThrow(DeterminismViolationError);
  });
});

async function replay(history: string): Promise<void> {
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: inject('workflowBundlePath') } },
    JSON.parse(history),
  );
}
