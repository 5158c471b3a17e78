import { TestWorkflowEnvironment } from '@temporalio/testing';
import { fileURLToPath } from 'node:url';
import { findTemporalCli } from '../../dev/temporal-cli.js';

/**
 * Starts a Temporal dev server of its own that suggests continuing as new after so many events, where real ones say it
 * after thousands.
 */
export async function startShortHistoryServer(events: number): Promise<TestWorkflowEnvironment> {
  const path = await findTemporalCli({
    configured: process.env['INLET_TEMPORAL_CLI'],
    searchPath: process.env['PATH'],
    directory: fileURLToPath(new URL('../../.inlet/bin', import.meta.url)),
  });
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
