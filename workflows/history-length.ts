import { workflowInfo } from '@temporalio/workflow';

/** A history is replayed whole when its worker was lost, and whoever asks meanwhile waits for that. */
const LONG = 500;

/** Whether it is time for a new run, if nothing is under way. */
export const isLong = () => isFull() || workflowInfo().historyLength > LONG;

/** Whether the history should grow no more, even if something is under way. */
export const isFull = () => workflowInfo().continueAsNewSuggested;
