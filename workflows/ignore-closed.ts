import { isCancellation } from '@temporalio/workflow';

/** For telling another workflow what it need not hear any more if it has closed meanwhile, or was never there. */
export function ignoreClosed(error: unknown): void {
  if (isCancellation(error)) throw error;
}
