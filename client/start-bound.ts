import { visible } from './visible-text.js';

/** docs/scheduling.md explains them. */
const bounds: Readonly<Record<string, string>> = {
  clock: "the database's clock",
  replay: 'what the standby has replayed',
  'open transaction': 'the oldest open transaction',
  'prepared transaction': 'the oldest prepared transaction',
  'temporal clock': "Temporal's clock",
};

/** What decided an import's start time, in words. */
export function startBoundText(bound: string): string {
  return bounds[bound] ?? visible(bound);
}
