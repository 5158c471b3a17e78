import { clockFaults } from './faults/clock.js';
import { databaseFaults } from './faults/databases.js';
import { temporalFaults } from './faults/temporal.js';
import { workerFaults } from './faults/workers.js';
import { workflowFaults } from './faults/workflows.js';
import { phaseNames, type Phase, type Reached } from './phases.js';
import type { World } from './world.js';

/** How an import may end that a fault struck; the next one has to be Completed in any case. */
export type End = 'Completed' | 'Failed' | 'Canceled';

/** Something that breaks while an import is at a phase, and is mended again. */
export interface Fault {
  name: string;
  /** Workers that it needs. */
  workers: 1 | 2;
  /** Where it makes no sense: nothing is there that it could break. */
  notAt: readonly Phase[];
  mayEnd: readonly End[];
  /** It sets Temporal's `last_sync_time` back: rows that are in already are then asked for once more. */
  mayAskAgain?: true;
  /**
   * Breaks it, sees that it is broken, and mends it. Calls `reached.release` where the import has to go on meanwhile; else
   * that is done afterwards.
   * @returns what was seen, as proof that it fired
   * @throws Error if it did not fire
   */
  fire(world: World, reached: Reached, random: number): Promise<string>;
}

export const faults: readonly Fault[] = [
  ...workerFaults,
  ...temporalFaults,
  ...databaseFaults,
  ...workflowFaults,
  ...clockFaults,
];

export const phasesOf = ({ notAt }: Fault): Phase[] => phaseNames.filter((phase) => !notAt.includes(phase));
