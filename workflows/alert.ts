import { setCurrentDetails } from '@temporalio/workflow';
import { activity } from './activity-policies.js';
import { alertDetails } from './details.js';
import type { AlertInput, AlertResult } from './messages.js';

/**
 * Delivers one alert of one sync, for as long as it takes, and gives it up when it is no news any more. What it says and
 * where it goes, only the store and the worker's file know.
 */
export async function AlertWorkflow(input: AlertInput): Promise<AlertResult> {
  const { workspace, sync, number } = input;
  setCurrentDetails(alertDetails(input, 'being delivered'));
  const result = await activity(workspace, 'deliverAlert', `deliver alert ${number} of ${sync}`)(input);
  setCurrentDetails(alertDetails(input, result.outcome));
  return result;
}
