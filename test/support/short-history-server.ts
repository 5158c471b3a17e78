import { TestWorkflowEnvironment } from '@temporalio/testing';
import { temporalCli } from './own-temporal.js';

/**
 * Starts a Temporal dev server of its own that suggests continuing as new after so many events, where real ones say it
 * after thousands.
 */
export async function startShortHistoryServer(events: number): Promise<TestWorkflowEnvironment> {
  const path = await temporalCli();
  return await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      log: { format: 'pretty', level: 'error' },
      extraArgs: [
        '--output',
        'none',
        '--dynamic-config-value',
        `limit.historyCount.suggestContinueAsNew=${events}`,
      ],
    },
  });
}
