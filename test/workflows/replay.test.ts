import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import type { DataConverter } from '@temporalio/common';
import { recordedConverter } from '../support/encrypted.js';
import '../support/quiet-runtime.js';
import { workflowBundle } from '../../worker/workflow-bundle.js';

const DIRECTORY = fileURLToPath(new URL('../histories/', import.meta.url));

const histories = await recordings('');
const encrypted = await recordings('encrypted/');

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

describe('workflows whose histories are encrypted', () => {
  it.each(encrypted)('go the way that was recorded in %s', async (file) => {
    const recorded = await readFile(`${DIRECTORY}${file}`, 'utf8');
    expect(recorded).toContain(Buffer.from('binary/encrypted').toString('base64'));
    await replay(recorded, { codePath: await workflowBundle('encoded'), dataConverter: recordedConverter });
  });
});

async function recordings(place: string): Promise<string[]> {
  const files = await readdir(`${DIRECTORY}${place}`);
  return files.filter((file) => file.endsWith('.json')).map((file) => `${place}${file}`);
}

interface Replaying {
  codePath?: string;
  dataConverter?: DataConverter;
}

async function replay(
  history: string,
  { codePath = inject('workflowBundlePath'), dataConverter = {} }: Replaying = {},
): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { codePath }, dataConverter }, JSON.parse(history));
}
